package policy

import (
	"fmt"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/finding"
)

const domainSudoers = "sudoers"

// nopasswd judges who is let through by sudo without a password: users and groups as sudoers writes them, and the scopes of
// "Defaults !authenticate". The group of exempt_group is let through too, and root is never asked.
func nopasswd(c *compiler, n *node) {
	c.setting(n, &setting{
		title: "The list of those whom sudo asks for no password", severity: finding.High, kind: listSetting, domains: []string{domainSudoers},
		read: func(doc *facts.Document) (reading, Outcome) {
			s, ok := facts.Get[facts.Sudoers](doc, domainSudoers)
			if !ok {
				return reading{}, unknown("sudoers was not collected")
			}
			r, o := reading{}, Outcome{}
			add := func(at facts.Source, names ...string) {
				before := len(r.list)
				for _, name := range names {
					if !strings.HasPrefix(name, "!") && name != "root" && name != "#0" && !slices.Contains(r.list, name) {
						r.list = append(r.list, name)
					}
				}
				if len(r.list) > before {
					o.Where = append(o.Where, location(at, ""))
				}
			}
			if v := s.Defaults["authenticate"]; v != nil && v.Value == "false" && v.Source != nil {
				add(*v.Source, "Defaults")
			}
			if v := s.Defaults["exempt_group"]; v != nil && v.Value != "false" && v.Source != nil {
				add(*v.Source, "%"+v.Value)
			}
			for _, d := range s.Scoped {
				if d.Key == "exempt_group" {
					add(d.Source, "%"+d.Value)
				}
				if d.Key == "authenticate" && d.Value == "false" {
					add(d.Source, scopeNames(d)...)
				}
			}
			for _, rule := range s.Rules {
				if slices.Contains(rule.Tags, "NOPASSWD") {
					add(rule.Source, rule.Users...)
				}
			}
			slices.Sort(r.list)
			r.set = len(r.list) > 0
			return r, o
		},
		fix: func(*facts.Document, string) string {
			return "take NOPASSWD and !authenticate out of the lines above, with visudo"
		},
	})
}

// scopeNames are whom a scoped default is for: users by their names, the others as sudoers writes the scope.
func scopeNames(d facts.SudoDefault) []string {
	if d.Scope == "user" {
		return d.Names
	}
	mark := map[string]string{"host": "@", "runas": ">", "command": "!"}[d.Scope]
	var all []string
	for _, name := range d.Names {
		all = append(all, "Defaults"+mark+name)
	}
	return all
}

// sudoDefault judges an option of sudo, for everybody and for each scope that sets it.
func sudoDefault(c *compiler, n *node) {
	name := n.name
	if name == "" || strings.ContainsAny(name, " \t\n=!,") {
		c.fail(n.key, "%s is no option of sudoers", n.path)
		return
	}
	c.setting(n, &setting{
		title: "Option " + name + " of sudo", kind: openSetting, domains: []string{domainSudoers},
		unlimited: func(v string) bool {
			return name == "timestamp_timeout" && strings.HasPrefix(v, "-") || name == "passwd_timeout" && v == "0"
		},
		readAll: func(doc *facts.Document) ([]place, Outcome) {
			s, ok := facts.Get[facts.Sudoers](doc, domainSudoers)
			if !ok {
				return nil, unknown("sudoers was not collected")
			}
			all, o := place{reading: reading{fallback: "sudo's own default holds"}}, Outcome{}
			if v := s.Defaults[name]; v != nil {
				all.reading, o = textReading(v)
			} else {
				o.Notes = []string{"written nowhere: sudo's own default holds"}
			}
			places := []place{all}
			for _, d := range s.Scoped {
				if d.Key == name {
					at := fmt.Sprintf("for %s %s", d.Scope, strings.Join(d.Names, ", "))
					places = append(places, place{at, reading{set: true, value: d.Value}, []finding.Location{location(d.Source, at)}})
				}
			}
			return places, o
		},
		fix: func(doc *facts.Document, want string) string {
			line := "Defaults " + name + "=" + want
			switch want {
			case "true":
				line = "Defaults " + name
			case "false":
				line = "Defaults !" + name
			}
			var v *facts.Value[string]
			if s, ok := facts.Get[facts.Sudoers](doc, domainSudoers); ok {
				v = s.Defaults[name]
			}
			return fixLine(v, line, "a file of /etc/sudoers.d, with visudo -f")
		},
	})
}
