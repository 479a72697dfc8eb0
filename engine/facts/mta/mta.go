// Package mta collects the domain "mta": the mail server of the guest, and the addresses it is configured to listen at.
//
// Sources: the programs and what is left of them, the domain "units", main.cf and master.cf of Postfix (postconf(5),
// master(5)), and the files from which Debian makes Exim's configuration (update-exim4.conf(8)). The configuration of
// other servers is not read: where they listen is not known. Firewalls are in a domain of their own.
package mta

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"

	"github.com/guestctl/guestctl/engine/facts"
)

// Collector collects the domain "mta".
var Collector = facts.New("mta", "The mail server, and whether it listens on loopback only", collect, "units")

// server is one program as distributions install it.
type server struct {
	name     string
	programs []string
	configs  []string
	units    []string
	// listen tells where it listens and whether that is loopback only; nil for a server whose configuration is not read.
	listen func(s *facts.Scope) ([]facts.MTAAddress, *bool)
}

// servers are looked at in this order.
func servers() []server {
	return []server{
		{
			"postfix",
			[]string{"/usr/sbin/postfix", "/usr/libexec/postfix/master", "/usr/lib/postfix/sbin/master"},
			[]string{mainCF},
			[]string{"postfix.service", "postfix@-.service", "postfix"},
			postfix,
		},
		{
			"exim4",
			[]string{"/usr/sbin/exim4", "/usr/sbin/exim"},
			[]string{eximDebian, eximOwn, "/etc/exim/exim.conf"},
			[]string{"exim4.service", "exim.service", "exim4", "exim"},
			exim,
		},
		{
			"sendmail",
			[]string{"/usr/sbin/sendmail.sendmail", "/usr/sbin/sendmail-mta", "/usr/lib/sm.bin/sendmail"},
			[]string{"/etc/mail/sendmail.cf"},
			[]string{"sendmail.service", "sendmail"},
			nil,
		},
		{
			"opensmtpd",
			[]string{"/usr/sbin/smtpd"},
			[]string{"/etc/smtpd.conf", "/etc/opensmtpd/smtpd.conf", "/etc/smtpd/smtpd.conf"},
			[]string{"opensmtpd.service", "smtpd.service", "smtpd"},
			nil,
		},
		{
			"nullmailer",
			[]string{"/usr/sbin/nullmailer-send"},
			[]string{"/etc/nullmailer/remotes"},
			[]string{"nullmailer.service", "nullmailer"},
			nowhere,
		},
		{"msmtp", []string{"/usr/bin/msmtp"}, []string{"/etc/msmtprc"}, []string{"msmtpd.service", "msmtpd"}, msmtp},
		{"", []string{"/usr/sbin/sendmail", "/usr/lib/sendmail"}, nil, nil, nil},
	}
}

func collect(_ context.Context, s *facts.Scope) (*facts.MTA, error) {
	var found, started []server
	installed := map[string]bool{}
	for _, m := range servers() {
		installed[m.name] = slices.ContainsFunc(m.programs, func(name string) bool { return isProgram(s, name) })
		if !installed[m.name] && !slices.ContainsFunc(m.configs, s.Exists) {
			continue
		}
		on := facts.Started(s, m.units...)
		if installed[m.name] && on != nil && *on {
			started = append(started, m)
		}
		found = append(found, m)
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("no mail server: %w", fs.ErrNotExist)
	}
	// What is installed goes before what is only left.
	slices.SortStableFunc(found, func(a, b server) int { return order(installed[b.name]) - order(installed[a.name]) })
	if len(started) == 0 {
		started = found[:1]
	}
	first := started[0]
	m := &facts.MTA{Program: first.name, Installed: installed[first.name], Listen: []facts.MTAAddress{}}
	if len(first.units) > 0 {
		m.Enabled = facts.Started(s, first.units...)
	}
	addListeners(s, m, started)
	return m, nil
}

func order(b bool) int {
	if b {
		return 1
	}
	return 0
}

// addListeners tells where all the servers listen together.
func addListeners(s *facts.Scope, m *facts.MTA, all []server) {
	public, known := false, true
	for _, one := range all {
		if one.listen == nil {
			known = false
			continue
		}
		addresses, loopback := one.listen(s)
		m.Listen = append(m.Listen, addresses...)
		public = public || loopback != nil && !*loopback
		known = known && loopback != nil
	}
	if public || known {
		loopback := !public
		m.LoopbackOnly = &loopback
	}
}

// isProgram reports whether there is a program of this name. BusyBox has a sendmail that only sends.
func isProgram(s *facts.Scope, name string) bool {
	resolved, err := s.Guest.Resolve(name)
	if errors.Is(err, fs.ErrNotExist) {
		return false
	}
	return s.Exists(name) && path.Base(resolved) != "busybox"
}

// nowhere is for servers that take mail from local programs only, without a socket of the network.
func nowhere(*facts.Scope) ([]facts.MTAAddress, *bool) {
	yes := true
	return nil, &yes
}

// msmtp only sends; where its daemon listens is told by the command line that starts it.
func msmtp(s *facts.Scope) ([]facts.MTAAddress, *bool) {
	if on := facts.Started(s, "msmtpd.service", "msmtpd"); on == nil || *on {
		return nil, nil
	}
	return nowhere(s)
}
