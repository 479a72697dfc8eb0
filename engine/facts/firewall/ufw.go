package firewall

import (
	"errors"
	"io/fs"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/facts"
)

func ufw(s *facts.Scope) *facts.UFW {
	conf, defaults := assignments(s, "/etc/ufw/ufw.conf"), assignments(s, "/etc/default/ufw")
	if conf == nil && defaults == nil {
		return nil
	}
	u := &facts.UFW{
		Switch: facts.LastAssignment(conf, "ENABLED"), Started: facts.Started(s, "ufw.service", "ufw"),
		LogLevel: facts.LastAssignment(conf, "LOGLEVEL"), IPv6: facts.LastAssignment(defaults, "IPV6"),
		DefaultInput:   facts.LastAssignment(defaults, "DEFAULT_INPUT_POLICY"),
		DefaultOutput:  facts.LastAssignment(defaults, "DEFAULT_OUTPUT_POLICY"),
		DefaultForward: facts.LastAssignment(defaults, "DEFAULT_FORWARD_POLICY"),
		Rules:          []facts.UFWRule{},
	}
	off := false
	on := u.Switch != nil && strings.EqualFold(u.Switch.Value, "yes")
	if u.Enabled = u.Started; !on {
		u.Enabled = &off
	}
	ufwRules(s, u, "user.rules", false)
	ufwRules(s, u, "user6.rules", true)
	return u
}

// assignments returns those of a file, nil when it is absent.
func assignments(s *facts.Scope, path string) []facts.Assignment {
	all, err := s.Assignments(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		s.Problem(path, 0, err)
	}
	if all == nil {
		all = []facts.Assignment{}
	}
	return all
}

// ufwRules reads the lines that ufw itself reads back: "### tuple ### allow tcp 22 0.0.0.0/0 any 0.0.0.0/0 in".
func ufwRules(s *facts.Scope, u *facts.UFW, name string, six bool) {
	path := "/etc/ufw/" + name
	if !s.Exists(path) {
		path = "/lib/ufw/" + name // before ufw 0.36
	}
	err := s.Lines(path, func(n int, text string) {
		tuple, ok := strings.CutPrefix(text, "### tuple ### ")
		if !ok {
			return
		}
		tuple, _, _ = strings.Cut(tuple, " comment=")
		f := strings.Fields(tuple)
		if len(f) < 6 {
			s.Problem(path, n, errors.New("rule with fewer than six fields"))
			return
		}
		if len(u.Rules) >= maxRules {
			s.Problem(path, n, binread.Limit("more than %d rules", maxRules))
			return
		}
		action, route := strings.CutPrefix(f[0], "route:")
		direction := "in"
		if len(f) > 6 {
			direction = f[len(f)-1]
		}
		u.Rules = append(u.Rules, facts.UFWRule{
			Action: action, Route: route, Protocol: f[1], Port: f[2], To: f[3], FromPort: f[4], From: f[5], Direction: direction,
			IPv6: six, Source: facts.At(path, n, text),
		})
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		s.Problem(path, 0, err)
	}
}
