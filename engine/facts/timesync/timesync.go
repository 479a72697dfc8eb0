// Package timesync collects the domain "timesync": which program keeps the guest's clock, and from which servers.
//
// It puts together the domains "chrony", "timesyncd" and "units", and reads ntp.conf of ntpd and NTPsec itself. Servers
// that DHCP or a hypervisor gives at run time are not known here.
package timesync

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/facts"
)

const (
	maxServers = 10_000
	maxLine    = 4096 // bytes of a line of ntp.conf
)

// Collector collects the domain "timesync".
var Collector = facts.New("timesync", "What keeps the clock, and its servers", collect, "chrony", "timesyncd", "units")

// programs are looked at in this order.
var programs = []struct {
	name  string
	units []string
	files []string // that show it is installed
}{
	{"chrony", []string{"chrony.service", "chronyd.service", "chronyd"}, []string{"/usr/sbin/chronyd", "/etc/chrony.conf", "/etc/chrony/chrony.conf"}},
	{"timesyncd", []string{"systemd-timesyncd.service"}, []string{"/usr/lib/systemd/systemd-timesyncd", "/lib/systemd/systemd-timesyncd"}},
	{"ntp", []string{"ntp.service", "ntpd.service", "ntpsec.service", "ntpd"}, []string{"/usr/sbin/ntpd", "/etc/ntp.conf", "/etc/ntpsec/ntp.conf"}},
}

func collect(_ context.Context, s *facts.Scope) (*facts.Timesync, error) {
	t := &facts.Timesync{Started: []string{}, Servers: []facts.TimeServer{}, Pools: []facts.TimeServer{}}
	units, known := facts.Of[facts.Units](s, "units")
	installed := ""
	for _, p := range programs {
		for _, file := range p.files {
			if installed == "" && s.Exists(file) {
				installed = p.name
			}
		}
		if known && starts(*units, p.units) {
			t.Started = append(t.Started, p.name)
		}
	}
	switch {
	case len(t.Started) > 0:
		t.Program = t.Started[0]
	case installed == "":
		return nil, fmt.Errorf("no program that keeps the clock: %w", fs.ErrNotExist)
	default:
		t.Program = installed
	}
	if known {
		enabled := len(t.Started) > 0
		t.Enabled = &enabled
	}
	servers(s, t)
	return t, nil
}

func starts(units facts.Units, names []string) bool {
	for _, name := range names {
		u, ok := units[name]
		if ok && u.AliasOf != nil {
			u, ok = units[*u.AliasOf]
		}
		if ok && u.Starts == "boot" {
			return true
		}
	}
	return false
}

func servers(s *facts.Scope, t *facts.Timesync) {
	switch t.Program {
	case "chrony":
		if c, ok := facts.Of[facts.Chrony](s, "chrony"); ok {
			t.Servers, t.Pools = append(c.Servers, c.Peers...), c.Pools
		}
	case "timesyncd":
		c, ok := facts.Of[facts.Timesyncd](s, "timesyncd")
		if !ok {
			return
		}
		for key, kind := range map[string]string{"Time.NTP": "server", "Time.FallbackNTP": "fallback"} {
			v := (*c)[key]
			if v == nil || v.Source == nil || kind == "fallback" && (*c)["Time.NTP"] != nil && (*c)["Time.NTP"].Value != "" {
				continue // the fallback is for want of others
			}
			for _, name := range strings.Fields(v.Value) {
				t.Servers = append(t.Servers, facts.TimeServer{Name: name, Kind: kind, Options: []string{}, Source: *v.Source})
			}
		}
	case "ntp":
		for _, file := range []string{"/etc/ntpsec/ntp.conf", "/etc/ntp.conf"} {
			err := ntp(s, t, file)
			if err == nil {
				return
			}
			if !errors.Is(err, fs.ErrNotExist) {
				s.Problem(file, 0, err)
			}
		}
	}
}

// ntp reads ntp.conf(5): of it only the sources.
func ntp(s *facts.Scope, t *facts.Timesync, file string) error {
	return s.Lines(file, func(n int, text string) {
		if len(text) > maxLine {
			s.Problem(file, n, fmt.Errorf("line has %d bytes, want at most %d", len(text), maxLine))
			return
		}
		text, _, _ = strings.Cut(text, "#")
		words := strings.Fields(text)
		if len(words) == 0 {
			return
		}
		kind := strings.ToLower(words[0])
		switch {
		case kind == "includefile":
			s.Problem(file, n, binread.Unsupported("includefile is not read by this version"))
			return
		case kind != "server" && kind != "pool" && kind != "peer" || len(words) == 1:
			return
		}
		args := words[1:]
		for len(args) > 1 && (args[0] == "-4" || args[0] == "-6") {
			args = args[1:]
		}
		source := facts.TimeServer{Name: args[0], Kind: kind, Options: append([]string{}, args[1:]...), Source: facts.Source{Path: file, Line: n, Text: strings.TrimSpace(text)}}
		switch {
		case len(t.Servers)+len(t.Pools) == maxServers:
			s.Problem(file, n, binread.Limit("more than %d time servers", maxServers))
		case kind == "pool":
			t.Pools = append(t.Pools, source)
		case !strings.HasPrefix(source.Name, "127.127."): // a clock of the machine itself
			t.Servers = append(t.Servers, source)
		}
	})
}
