package facts

import (
	"path"
	"strings"
)

// Sysctl is the domain "sysctl": what the kernel's parameters are set to at boot. Keys have dots between their parts; a dot
// inside of a part, as in the name of a VLAN, is a slash then (sysctl(8)).
type Sysctl struct {
	// Loader is the program that applies the files at boot: "systemd-sysctl", or "procps" for sysctl --system where the
	// guest has no systemd. It is "" when the unit of systemd-sysctl is masked, and none of the files counts.
	Loader    string                   `json:"loader"`
	Effective map[string]Value[string] `json:"effective"`
	// Procps has the parameters that sysctl --system, run by hand or by a script, would set otherwise than the loader did.
	Procps map[string]Value[string] `json:"procps"`
	Files  []string                 `json:"files"` // in the order of reading
	// Unread are files with settings that the loader does not read: /etc/sysctl.conf without a link to it in sysctl.d.
	Unread []string     `json:"unread"`
	Masked []MaskedFile `json:"masked"`
	// Globs are the patterns. They set what no line names in full; Effective has what that is for the interfaces which
	// every kernel has.
	Globs []SysctlSetting `json:"globs"`
	// Excluded are the parameters that a line "-key" takes out of the patterns.
	Excluded []SysctlSetting `json:"excluded"`
	// Derived are the parameters that the kernel changes along with others.
	Derived []SysctlDerived `json:"derived"`
	Ignored []Ignored       `json:"ignored"`
}

// SysctlSetting is one line about a key or pattern.
type SysctlSetting struct {
	Key    string `json:"key"`
	Value  string `json:"value"`
	Source Source `json:"source"`
}

// SysctlDerived is a parameter that follows from another one.
type SysctlDerived struct {
	Key    string `json:"key"`
	Value  string `json:"value"`
	From   string `json:"from"`
	Note   string `json:"note"`
	Source Source `json:"source"` // of what it follows from
}

// Find returns what key is set to: by a line that names it or by the last pattern that matches. A nil Value means that
// nothing sets it, and the kernel's default holds.
func (s *Sysctl) Find(key string) *Value[string] {
	if v, ok := s.Effective[key]; ok {
		return &v
	}
	for _, e := range s.Excluded {
		if e.Key == key {
			return nil
		}
	}
	var found *Value[string]
	for _, g := range s.Globs {
		if ok, err := path.Match(swapDots(g.Key), swapDots(key)); ok && err == nil {
			found = Override(found, g.Value, g.Source)
		}
	}
	return found
}

func swapDots(key string) string { return strings.NewReplacer(".", "/", "/", ".").Replace(key) }
