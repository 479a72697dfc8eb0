package policy

import (
	"slices"
	"strconv"
	"strings"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/finding"
)

// passwordMaxDays judges how long the passwords that let someone in may be used.
func passwordMaxDays(c *compiler, n *node) {
	c.setting(n, &setting{
		title: "The age at which a password ends", kind: openSetting, domains: []string{domainUsers},
		unlimited: func(v string) bool { return v == noEnd },
		readAll: func(doc *facts.Document) ([]place, Outcome) {
			users, ok := facts.Get[facts.Users](doc, domainUsers)
			if !ok {
				return nil, unknown("the accounts were not collected")
			}
			var places []place
			for _, u := range *users {
				state, err := password(u)
				if err != nil {
					return nil, unknown(err.Error())
				}
				if state != facts.PasswordHash {
					continue
				}
				r := reading{set: true, value: noEnd}
				if u.Shadow != nil && u.Shadow.Max != nil && *u.Shadow.Max >= 0 {
					r.value = strconv.FormatInt(*u.Shadow.Max, 10)
				}
				at := location(u.Source, u.Name)
				if u.Shadow != nil && u.Shadow.Source != nil {
					at = location(*u.Shadow.Source, u.Name)
				}
				places = append(places, place{"for " + u.Name, r, []finding.Location{at}})
			}
			if len(places) == 0 {
				return nil, Outcome{Status: finding.NotApplicable, Message: "no account has a password"}
			}
			return places, Outcome{}
		},
		fix: func(_ *facts.Document, want string) string { return "chage --maxdays " + want + " for each of them" },
	})
}

const noEnd = "never"

// authorizedKeys judges the keys that let one user in over SSH, by their fingerprints.
func authorizedKeys(c *compiler, n *node) {
	user := n.name
	before := c.failures
	fingerprints(c, n)
	if c.failures > before {
		return
	}
	c.setting(n, &setting{
		id: "users.authorized_keys/" + user, title: "The list of SSH keys of " + user, severity: finding.High, kind: listSetting,
		domains: []string{"ssh_keys"}, absent: []string{"ssh_keys"},
		read: func(doc *facts.Document) (reading, Outcome) {
			r, o := reading{}, Outcome{}
			keys, ok := facts.Get[facts.SSHKeys](doc, "ssh_keys")
			if !ok {
				return r, o
			}
			for _, f := range keys.Authorized {
				if f.User != user {
					continue
				}
				for _, k := range f.Keys {
					r.list = append(r.list, k.Fingerprint)
					o.Where = append(o.Where, location(k.Source, k.Comment))
				}
			}
			slices.Sort(r.list)
			r.list = slices.Compact(r.list)
			r.set = len(r.list) > 0
			return r, o
		},
	})
}

// fingerprints refuses texts that no key can have, which a typing mistake would otherwise hide.
func fingerprints(c *compiler, n *node) {
	for _, item := range n.list {
		s, ok := item.value.(string)
		digits, sha := strings.CutPrefix(s, "SHA256:")
		if ok && (!sha || len(digits) != 43 || strings.Trim(digits, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/") != "") {
			c.fail(item.at, "%q is no fingerprint, want \"SHA256:\" and 43 letters as ssh-keygen -l prints them", shorten(s))
		}
	}
	for _, name := range n.keys {
		fingerprints(c, n.table[name])
	}
}

// groupMembers judges who belongs to a group: the members it names, those whose first group it is, and those of other
// groups with its number.
func groupMembers(c *compiler, n *node) {
	group := n.parent
	c.setting(n, &setting{
		id: "groups." + group + ".members", title: "The list of members of group " + group, severity: finding.High, kind: listSetting,
		domains: []string{domainGroups, domainUsers, domainNIS}, absent: []string{domainNIS},
		read: func(doc *facts.Document) (reading, Outcome) {
			groups, okG := facts.Get[facts.Groups](doc, domainGroups)
			users, okU := facts.Get[facts.Users](doc, domainUsers)
			if !okG || !okU {
				return reading{}, unknown("the accounts were not collected")
			}
			if nis, ok := facts.Get[facts.NIS](doc, domainNIS); ok {
				for _, e := range *nis {
					if strings.HasPrefix(e.Name, "+") {
						return reading{}, unknown("members may come from a network service: " + e.Name + " in " + e.Source.Path)
					}
				}
			}
			return membersOf(group, *groups, *users)
		},
	})
}

func membersOf(name string, groups facts.Groups, users facts.Users) (reading, Outcome) {
	r, o := reading{}, Outcome{}
	var ids []uint32
	for _, g := range groups {
		if g.Name == name {
			ids = append(ids, g.GID)
		}
	}
	if len(ids) == 0 {
		o.Notes = []string{"the guest has no group " + name}
	}
	for _, g := range groups {
		if g.Name != name && !slices.Contains(ids, g.GID) {
			continue
		}
		if note := ""; len(g.Members) > 0 || g.Name == name {
			if g.Name != name {
				note = g.Name + " has the same number"
			}
			o.Where = append(o.Where, location(g.Source, note))
		}
		r.list = append(r.list, g.Members...)
	}
	for _, u := range users {
		if slices.Contains(ids, u.GID) {
			r.list = append(r.list, u.Name)
			o.Where = append(o.Where, location(u.Source, "it is the first group of "+u.Name))
		}
	}
	slices.Sort(r.list)
	r.list = slices.Compact(r.list)
	r.set = len(r.list) > 0
	return r, o
}
