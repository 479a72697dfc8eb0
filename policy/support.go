package policy

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/finding"
)

// endOfSupport is the last day of free security updates of a release, from what its makers announced: for Debian that of
// long-term support, for Ubuntu that of standard support.
type endOfSupport struct{ id, version, day string }

func endsOfSupport() []endOfSupport {
	return []endOfSupport{
		{"almalinux", "8", "2029-05-31"},
		{"almalinux", "9", "2032-05-31"},
		{"almalinux", "10", "2035-05-31"},
		{"centos", "6", "2020-11-30"},
		{"centos", "7", "2024-06-30"},
		{"centos", "8", "2021-12-31"},
		{"debian", "8", "2020-06-30"},
		{"debian", "9", "2022-06-30"},
		{"debian", "10", "2024-06-30"},
		{"debian", "11", "2026-08-31"},
		{"debian", "12", "2028-06-30"},
		{"debian", "13", "2030-06-30"},
		{"rhel", "7", "2024-06-30"},
		{"rhel", "8", "2029-05-31"},
		{"rhel", "9", "2032-05-31"},
		{"rhel", "10", "2035-05-31"},
		{"rocky", "8", "2029-05-31"},
		{"rocky", "9", "2032-05-31"},
		{"rocky", "10", "2035-05-31"},
		{"ubuntu", "16.04", "2021-04-30"},
		{"ubuntu", "18.04", "2023-05-31"},
		{"ubuntu", "20.04", "2025-05-31"},
		{"ubuntu", "22.04", "2027-06-01"},
		{"ubuntu", "24.04", "2029-05-31"},
		{"ubuntu", "26.04", "2031-05-29"},
	}
}

// supported judges whether the operating system still gets updates on the day of the collection.
func supported(c *compiler, n *node) {
	c.setting(n, &setting{
		title: "The support of the operating system", severity: finding.High, kind: boolSetting,
		domains: []string{domainOS}, absent: []string{domainOS},
		read: func(doc *facts.Document) (reading, Outcome) {
			os, ok := facts.Get[facts.OS](doc, domainOS)
			if !ok {
				return reading{}, unknown("the guest does not say which operating system it is")
			}
			day, err := supportEnd(os)
			if err != nil {
				return reading{}, unknown(err.Error())
			}
			if doc.Meta.NowDay <= 0 {
				return reading{}, unknown("the day of the collection is not known")
			}
			end := int(day.Unix() / (24 * 60 * 60))
			o := Outcome{
				Where: []finding.Location{location(os.Source, "")},
				Notes: []string{fmt.Sprintf("support of %s %s ends on %s", os.ID, os.VersionID, day.Format(time.DateOnly))},
			}
			return reading{set: true, value: strconv.FormatBool(doc.Meta.NowDay <= end)}, o
		},
	})
}

// supportEnd goes by what the guest says, then by the table.
func supportEnd(os *facts.OS) (time.Time, error) {
	if os.SupportEnd != "" {
		day, err := time.Parse(time.DateOnly, os.SupportEnd)
		if err != nil {
			return day, fmt.Errorf("the guest says that its support ends on %q, which is no date", os.SupportEnd)
		}
		return day, nil
	}
	for _, e := range endsOfSupport() {
		if e.id == os.ID && (os.VersionID == e.version || strings.HasPrefix(os.VersionID, e.version+".")) {
			return time.Parse(time.DateOnly, e.day)
		}
	}
	return time.Time{}, fmt.Errorf("when the support of %s %s ends is not known", os.ID, os.VersionID)
}
