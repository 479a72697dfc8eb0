package facts

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
)

const maxConfigFiles = 10_000 // drop-ins of one program

// SystemdConfig has the settings of one of systemd's programs, by "Section.Key": "Journal.Storage". What follows from
// them together with the rest of the guest is in the section "Effective".
type SystemdConfig map[string]*Value[string]

// Journald is the domain "journald".
type Journald = SystemdConfig

// Coredump is the domain "coredump".
type Coredump = SystemdConfig

// Timesyncd is the domain "timesyncd".
type Timesyncd = SystemdConfig

// Logind is the domain "logind".
type Logind = SystemdConfig

// Resolved is the domain "resolved".
type Resolved = SystemdConfig

// SystemdProgram says how the configuration of a program is read.
type SystemdProgram struct {
	File     string            // "journald.conf"
	Programs []string          // below /usr/lib/systemd; the domain is absent without one of them and without a file
	Lists    []string          // keys whose values add up
	Bools    []string          // keys whose values are made "yes" or "no"
	Defaults map[string]string // what the program takes by itself
}

// configDirs are where systemd's configuration lies, highest priority first.
var configDirs = []string{"/etc/systemd", "/run/systemd", "/usr/local/lib/systemd", "/usr/lib/systemd", "/lib/systemd"}

// SystemdConfig reads the configuration of a program: the main file first, from the first directory that has it, then the
// drop-ins of all directories in the order of their names. A later value wins, and an empty one brings the default back
// (systemd-system.conf(5), "Configuration directories and precedence").
func (s *Scope) SystemdConfig(p SystemdProgram) (*SystemdConfig, error) {
	var files []DropIn
	for _, f := range s.DropIns(p.File, configDirs...) {
		if path.Base(f.Path) == p.File {
			files = append(files, f)
		}
	}
	var dirs []string
	for _, dir := range configDirs {
		dirs = append(dirs, dir+"/"+p.File+".d")
	}
	files = append(files, s.DropIns(".conf", dirs...)...)
	if len(files) == 0 && !slices.ContainsFunc(p.Programs, func(name string) bool {
		return s.Exists("/usr/lib/systemd/"+name) || s.Exists("/lib/systemd/"+name)
	}) {
		return nil, fmt.Errorf("%s/%s: %w", configDirs[0], p.File, fs.ErrNotExist)
	}
	c := SystemdConfig{}
	for key, value := range p.Defaults {
		c[key] = Default(value)
	}
	for i, f := range files {
		if i == maxConfigFiles {
			s.Problem(f.Path, 0, binread.Limit("more than %d files of configuration; the rest is not read", maxConfigFiles))
			break
		}
		if f.Masked {
			continue
		}
		all, err := s.Settings(f.Path)
		if err != nil {
			s.Problem(f.Path, 0, err)
		}
		for _, set := range all {
			p.set(c, set)
		}
	}
	return &c, nil
}

func (p SystemdProgram) set(c SystemdConfig, set Setting) {
	if set.Section == "" {
		return // systemd ignores what stands before the first section
	}
	key, value := set.Section+"."+set.Key, set.Value
	old := c[key]
	if on, ok := ParseBool(value); ok && slices.Contains(p.Bools, key) {
		value = map[bool]string{true: "yes", false: "no"}[on]
	}
	switch normal, hasDefault := p.Defaults[key]; {
	case value == "" && hasDefault:
		c[key] = Override(old, normal, set.Source)
		c[key].Explicit, c[key].Source = false, nil
	case value != "" && slices.Contains(p.Lists, key) && old != nil && old.Explicit && old.Value != "":
		c[key] = Override(old, old.Value+" "+strings.Join(strings.Fields(value), " "), set.Source)
	default:
		c[key] = Override(old, value, set.Source)
	}
}
