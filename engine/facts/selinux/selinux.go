// Package selinux collects the domain "selinux": the mode the guest would be in after a boot.
//
// Sources: /etc/selinux/config as libselinux reads it (selinux_config.c, load_policy.c), the arguments and the build
// configuration of the kernel that starts by default, the binary policy and /.autorelabel, and the booleans of its store
// that were changed. It does not read the policy itself or the labels of files, and a mode set by setenforce(8) lasts
// until the next boot only.
package selinux

import (
	"context"
	"errors"
	"io/fs"
	"strconv"
	"strings"

	"github.com/guestctl/guestctl/engine/facts"
)

const (
	configPath  = "/etc/selinux/config"
	defaultType = "targeted" // SELINUXDEFAULT of libselinux
)

// The modes.
const (
	enforcing  = "enforcing"
	permissive = "permissive"
	disabled   = "disabled" // what getenforce(8) says when no policy is loaded, whether or not the kernel runs SELinux
	absent     = "absent"
)

// Collector collects the domain "selinux".
var Collector = facts.New("selinux", "The mode of SELinux after a boot, and what decides it", collect, "boot")

func collect(_ context.Context, s *facts.Scope) (*facts.SELinux, error) {
	se := &facts.SELinux{Kernel: []facts.KernelSetting{}}
	found := true
	err := readConfig(s, se)
	if errors.Is(err, fs.ErrNotExist) {
		found, err = false, nil
	}
	if err != nil {
		return nil, err
	}
	if se.Type == nil {
		se.Type = &facts.Value[string]{Value: defaultType}
	}
	se.Policy = policy(s, se.Type.Value)
	se.Booleans = booleans(s, se.Type.Value)
	se.Relabel = s.Exists("/.autorelabel")
	k := newKernel(s)
	se.Kernel = append(se.Kernel, k.settings...)
	if !found && se.Policy == nil {
		se.Config, se.Type = nil, nil
		se.Mode = facts.Value[string]{Value: absent}
		return se, nil
	}
	se.Mode = decide(s, se, k)
	return se, nil
}

// voice is one place that has a say in the mode.
type voice struct {
	mode   string
	source *facts.Source
}

// decide takes the first voice that speaks: a kernel without SELinux cannot be overruled, and without a policy there is
// nothing to enforce.
func decide(s *facts.Scope, se *facts.SELinux, k *kernel) facts.Value[string] {
	var voices []voice
	if off := k.off(s); off != nil {
		voices = append(voices, voice{disabled, off})
	}
	config := se.Config
	if config != nil && config.Value == disabled {
		voices = append(voices, voice{disabled, config.Source})
	}
	if se.Policy == nil {
		voices = append(voices, voice{disabled, &facts.Source{Path: policyDir(se.Type.Value)}})
	}
	if mode, source := k.enforcing(); mode != "" {
		voices = append(voices, voice{mode, source})
	}
	if config != nil && config.Value != disabled {
		voices = append(voices, voice{config.Value, config.Source})
	}
	if len(voices) == 0 {
		return facts.Value[string]{Value: permissive} // as libselinux does without a setting
	}
	v := facts.Value[string]{Value: voices[0].mode, Explicit: true, Source: voices[0].source}
	for _, other := range voices[1:] {
		v.Shadowed = append(v.Shadowed, facts.Shadow[string]{Source: *other.source, Value: other.mode})
	}
	if config != nil {
		v.Shadowed = append(v.Shadowed, config.Shadowed...)
	}
	return v
}

// readConfig reads the two settings: of SELINUX= the first line with a mode counts and of SELINUXTYPE= the last line.
func readConfig(s *facts.Scope, se *facts.SELinux) error {
	return s.Lines(configPath, func(n int, text string) {
		source := &facts.Source{Path: configPath, Line: n, Text: text}
		if mode := configMode(text); mode != "" {
			if se.Config == nil {
				se.Config = &facts.Value[string]{Value: mode, Explicit: true, Source: source}
			} else {
				se.Config.Shadowed = append(se.Config.Shadowed, facts.Shadow[string]{Source: *source, Value: mode})
			}
		}
		if kind := configType(text); kind != "" {
			next := &facts.Value[string]{Value: kind, Explicit: true, Source: source}
			if t := se.Type; t != nil {
				next.Shadowed = append(t.Shadowed, facts.Shadow[string]{Source: *t.Source, Value: t.Value})
			}
			se.Type = next
		}
	})
}

// configMode reads SELINUX=. The name stands at the very start of the line; the value may have spaces before it, any
// case, and anything behind it.
func configMode(line string) string {
	v, ok := strings.CutPrefix(line, "SELINUX=")
	if !ok {
		return ""
	}
	v = strings.ToLower(strings.TrimLeft(v, spaces))
	for _, mode := range []string{enforcing, permissive, disabled} {
		if strings.HasPrefix(v, mode) {
			return mode
		}
	}
	return ""
}

// configType reads SELINUXTYPE=, which may have spaces before it and any case.
func configType(line string) string {
	const name = "SELINUXTYPE="
	line = strings.TrimLeft(line, spaces)
	if len(line) < len(name) || !strings.EqualFold(line[:len(name)], name) {
		return ""
	}
	return strings.Trim(line[len(name):], spaces)
}

const spaces = " \t\v\f\r" // isspace(3)

func policyDir(kind string) string { return "/etc/selinux/" + kind + "/policy" }

// policy returns the binary policy with the highest version, or nil.
func policy(s *facts.Scope, kind string) *facts.Source {
	if strings.Contains(kind, "/") {
		return nil
	}
	best := -1
	for _, e := range s.ReadDir(policyDir(kind)) {
		number, ok := strings.CutPrefix(e.Name, "policy.")
		n, err := strconv.Atoi(number)
		if !ok || err != nil || n <= best {
			continue
		}
		o, err := s.Stat(policyDir(kind) + "/" + e.Name)
		if err != nil || !o.IsRegular() || o.Size == 0 {
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				s.Problem(policyDir(kind)+"/"+e.Name, 0, err)
			}
			continue
		}
		best = n
	}
	if best < 0 {
		return nil
	}
	return &facts.Source{Path: policyDir(kind) + "/policy." + strconv.Itoa(best)}
}
