package policy

import (
	"fmt"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/engine/facts/sshd"
	"github.com/guestctl/guestctl/finding"
	"github.com/guestctl/guestctl/internal/nearest"
)

// sshdSetting judges a keyword of sshd_config as the server would run with it: for every connection, and in each Match
// block that sets it.
func sshdSetting(c *compiler, n *node) {
	keyword, ok := sshd.Keyword(n.name)
	if !ok {
		c.failSuggest(n.key, nearKeyword(n.name), "unknown key %s: it is no keyword of sshd_config with an effect", n.path)
		return
	}
	name := strings.ToLower(keyword)
	c.setting(n, &setting{
		id: "config.sshd." + keyword, title: keyword + " of sshd", kind: openSetting, domains: []string{"sshd"},
		normal: func(value string) (string, error) { return sshd.Normal(name, value) },
		// LoginGraceTime 0 waits for ever, and the others ask nothing of a client that is gone
		unlimited: func(v string) bool {
			return v == "0" && slices.Contains([]string{"logingracetime", "clientaliveinterval", "clientalivecountmax"}, name)
		},
		readAll: func(doc *facts.Document) ([]place, Outcome) { return sshdPlaces(doc, name) },
		fix: func(doc *facts.Document, want string) string {
			s, ok := facts.Get[facts.SSHD](doc, "sshd")
			if !ok {
				return ""
			}
			return fixLine(s.Effective[name], keyword+" "+want, s.Config+" before the first Match")
		},
	})
}

func nearKeyword(name string) string {
	var lower []string
	for _, k := range sshd.Keywords() {
		lower = append(lower, strings.ToLower(k))
	}
	near := nearest.Word(strings.ToLower(name), lower)
	if near == "" {
		return ""
	}
	keyword, _ := sshd.Keyword(near)
	return "config.sshd." + keyword
}

func sshdPlaces(doc *facts.Document, name string) ([]place, Outcome) {
	s, ok := facts.Get[facts.SSHD](doc, "sshd")
	if !ok {
		return nil, unknown("sshd was not collected")
	}
	v := s.Effective[name]
	places := []place{{reading: sshdReading(v)}}
	o := Outcome{}
	switch {
	case v == nil:
		o.Notes = append(o.Notes, "written nowhere, and the default of this sshd is not known")
	case !v.Explicit:
		o.Notes = append(o.Notes, "written nowhere: this is the default of sshd "+s.Version)
	}
	if v != nil {
		o.Where = valueWhere(v)
	}
	for i := range s.Match {
		set := s.Match[i].Settings[name]
		if set == nil {
			continue
		}
		where := []finding.Location{location(s.Match[i].Source, "holds here")}
		if set.Source != nil {
			where = append(where, location(*set.Source, "in the Match block"))
		}
		places = append(places, place{fmt.Sprintf("in Match %s", s.Match[i].Criteria), sshdReading(set), where})
	}
	return places, o
}

// sshdReading is a value of sshd: a text, or a list. A list without an entry is not set.
func sshdReading(v *facts.Value[any]) reading {
	if v == nil {
		return reading{fallback: "the value that this sshd takes by itself is not known"}
	}
	switch x := v.Value.(type) {
	case string:
		return reading{set: true, value: x}
	case []string:
		return reading{set: len(x) > 0, many: true, list: x}
	case []any:
		r := reading{set: len(x) > 0, many: true}
		for _, one := range x {
			r.list = append(r.list, fmt.Sprint(one))
		}
		return r
	}
	return reading{fallback: fmt.Sprintf("a value of the kind %T", v.Value)}
}
