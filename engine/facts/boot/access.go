package boot

import (
	"slices"
	"strings"

	"github.com/guestctl/guestctl/engine/facts"
)

const maxUsers = 1000

// password runs the commands that give a user a password. The line is not kept: it holds the secret.
func (m *machine) password(name string, args []string, c command) {
	if len(args) == 0 || len(m.users) == maxUsers {
		return
	}
	kind := "plain"
	switch {
	case len(args) < 2 || args[1] == "":
		kind = "empty"
	case name == "password_pbkdf2":
		kind = "pbkdf2"
	}
	m.users = slices.DeleteFunc(m.users, func(u facts.GRUBUser) bool { return u.Name == args[0] && m.unsure == 0 })
	m.users = append(m.users, facts.GRUBUser{Name: args[0], Kind: kind, Source: m.source(c), Maybe: m.unsure > 0})
}

// access says who may use the menu (GNU GRUB manual 2.12, section 18).
func (m *machine) access(config string, b *facts.Boot) *facts.GRUB {
	g := &facts.GRUB{Config: config, Superusers: []string{}, PasswordUsers: []facts.GRUBUser{}, Unrestricted: true}
	v := m.vars["superusers"]
	g.Superusers = append(g.Superusers, strings.FieldsFunc(v.text, func(r rune) bool { return strings.ContainsRune(" ,;|&\t", r) })...)
	if len(g.Superusers) > 0 {
		g.SuperusersSource = &v.source
	}
	g.PasswordUsers = append(g.PasswordUsers, m.users...)
	for _, e := range b.Entries {
		if len(g.Superusers) > 0 && e.Kind == "normal" && !e.Unrestricted {
			g.Unrestricted = false
		}
	}
	return g
}
