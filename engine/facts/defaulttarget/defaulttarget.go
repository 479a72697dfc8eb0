// Package defaulttarget collects the domain "default_target": the systemd target that a boot reaches.
//
// Sources: default.target on systemd's unit path (systemd.special(7)), and what the default boot entry tells systemd on
// the kernel's command line (kernel-command-line(7)). The runlevel of other init systems is not collected.
package defaulttarget

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/guestctl/guestctl/engine/facts"
)

// words are the arguments of the kernel that name a target in the manner of older inits.
var words = map[string]string{
	"emergency": "emergency.target", "-b": "emergency.target",
	"rescue": "rescue.target", "single": "rescue.target", "s": "rescue.target", "S": "rescue.target", "1": "rescue.target",
	"2": "multi-user.target", "3": "multi-user.target", "4": "multi-user.target", "5": "graphical.target",
}

// Collector collects the domain "default_target".
var Collector = facts.New("default_target", "The systemd target that a boot reaches", collect, "boot")

func collect(_ context.Context, s *facts.Scope) (*facts.DefaultTarget, error) {
	target, err := linked(s)
	if err != nil {
		return nil, err
	}
	b, ok := facts.Of[facts.Boot](s, "boot")
	if !ok {
		return target, nil // the status of boot says why
	}
	e, ok := b.DefaultEntry()
	if !ok {
		if b.Loader != "none" {
			s.Problem("/boot", 0, errors.New("arguments of the kernel are not known: "+b.Why))
		}
		return target, nil
	}
	for _, a := range e.Args {
		name := ""
		if a.Key == "systemd.unit" {
			name = a.Value
		} else if a.Value == "" {
			name = words[a.Key]
		}
		if name == "" {
			continue
		}
		source := e.Source
		if a.Source != nil {
			source = *a.Source
		}
		target = &facts.DefaultTarget{
			Value: name, Explicit: true, Source: &source,
			Shadowed: append(target.Shadowed, facts.Shadow[string]{Source: *target.Source, Value: target.Value}),
		}
	}
	return target, nil
}

// linked returns the unit that the first default.target on the unit path is.
func linked(s *facts.Scope) (*facts.DefaultTarget, error) {
	for _, dir := range facts.UnitPath() {
		unit := dir + "/default.target"
		o, err := s.Lstat(unit)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		t := &facts.DefaultTarget{Value: "default.target", Explicit: true, Source: &facts.Source{Path: unit}}
		if !o.IsSymlink() {
			return t, nil
		}
		link, err := s.ReadLink(unit)
		if err != nil {
			return nil, err
		}
		t.Source.Text = "-> " + link
		t.Value = path.Base(link)
		resolved, err := s.Guest.Resolve(unit)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			s.Problem(unit, 0, fmt.Errorf("leads to %s, which does not exist: systemd starts rescue.target", link))
		case err != nil:
			s.Problem(unit, 0, err)
		case resolved == "/dev/null" || !strings.HasSuffix(resolved, ".target"):
			s.Problem(unit, 0, fmt.Errorf("leads to %s, which is no target", resolved))
		default:
			t.Value = path.Base(resolved)
		}
		return t, nil
	}
	return nil, fmt.Errorf("default.target: %w", fs.ErrNotExist)
}
