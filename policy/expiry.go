package policy

import (
	"fmt"
	"strings"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/finding"
)

// days reads a number of days, in its short form or as { days = 30 }.
func (c *compiler) days(n *node) (int, options, bool) {
	v, o, ok := c.shortOrLong(n, "days")
	if !ok || !c.wantKind(v, kindInteger) {
		return 0, o, false
	}
	const most = 100_000
	days, ok := v.value.(int64)
	if days < 0 || days > most {
		c.fail(v.at, "%s is %d, want a number of days from 0 to %d", n.path, days, most)
		return 0, o, false
	}
	return int(days), o, ok
}

// certificateExpiry judges the certificates of hosts: none may have ended, or end within so many days. Those of authorities
// come with packages and are only counted.
func certificateExpiry(c *compiler, n *node) {
	within, o, ok := c.days(n)
	if !ok {
		return
	}
	c.add(n, Check{
		ID: n.path, Title: fmt.Sprintf("No certificate ends within %d days", within), Severity: finding.High,
		Needs: facts.Request{Domains: []string{"certificates"}},
		Eval:  func(doc *facts.Document) Outcome { return judgeCertificates(doc, within) },
	}, o)
}

func judgeCertificates(doc *facts.Document, within int) Outcome {
	all, ok := facts.Get[facts.Certificates](doc, "certificates")
	switch {
	case !ok:
		return unknown("the certificates were not collected")
	case doc.Meta.NowDay <= 0:
		return unknown("the day of the collection is not known")
	}
	o := Outcome{Status: finding.Pass, Expected: fmt.Sprintf("valid for more than %d days", within)}
	var wrong []string
	hosts, authorities := 0, 0
	for _, cert := range *all {
		left := cert.NotAfterDay - doc.Meta.NowDay
		if cert.Use != "host" {
			if left < 0 {
				authorities++
			}
			continue
		}
		if hosts++; left > within {
			continue
		}
		text := fmt.Sprintf("%s ends in %d days", cert.Subject, left)
		if left < 0 {
			text = fmt.Sprintf("%s ended %d days ago", cert.Subject, -left)
		}
		wrong = append(wrong, text)
		o.Where = append(o.Where, location(cert.Source, text))
	}
	if authorities > 0 {
		o.Notes = []string{fmt.Sprintf("%d certificates of authorities have ended", authorities)}
	}
	o.Actual = fmt.Sprintf("%d certificates of hosts, all of them valid", hosts)
	switch {
	case hosts == 0:
		return Outcome{Status: finding.NotApplicable, Message: "the guest has no certificate of a host", Notes: o.Notes}
	case len(wrong) > 0:
		o.Status, o.Actual = finding.Fail, strings.Join(wrong[:min(len(wrong), maxProblems)], "; ")
		o.Fix = "renew the certificates above"
	}
	o.Message, o.Where = o.Actual, o.Where[:min(len(o.Where), maxShown)]
	return o
}

// packageAge judges how long ago packages were last installed, upgraded or removed.
func packageAge(c *compiler, n *node) {
	most, o, ok := c.days(n)
	if !ok {
		return
	}
	c.add(n, Check{
		ID: n.path, Title: fmt.Sprintf("Packages changed within the last %d days", most),
		Needs: facts.Request{Domains: []string{"history"}}, Absent: []string{"history"},
		Eval: func(doc *facts.Document) Outcome { return judgeAge(doc, most) },
	}, o)
}

func judgeAge(doc *facts.Document, most int) Outcome {
	h, ok := facts.Get[facts.History](doc, "history")
	switch {
	case !ok || h.Packages == nil:
		return unknown("the guest has no record of its packages' changes that is read")
	case doc.Meta.NowDay <= 0:
		return unknown("the day of the collection is not known")
	}
	age := doc.Meta.NowDay - h.Packages.Day
	o := Outcome{
		Status: finding.Pass, Expected: fmt.Sprintf("at most %d days", most), Actual: fmt.Sprintf("%d days", age),
		Where: []finding.Location{location(h.Packages.Source, h.Packages.Time)},
	}
	o.Message = "last change " + h.Packages.Time
	switch {
	case age < -1: // a record in local time may be of tomorrow
		o = unknown("the last change of packages, " + h.Packages.Time + ", is later than now: a clock was wrong")
	case age <= most:
	case len(h.Unread) > 0:
		o = unknown(fmt.Sprintf("the last change that is read is %d days old, and %s may tell of a later one", age, h.Unread[0]))
	default:
		o.Status, o.Message = finding.Fail, fmt.Sprintf("want %s, is %s: last change %s", o.Expected, o.Actual, h.Packages.Time)
		o.Fix = "update the packages and build the image anew"
	}
	return o
}
