package kernel

import (
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/facts"
)

const (
	maxOptions = 100_000
	maxModules = 100_000
)

// readBuild reads the build configuration of a kernel: lines CONFIG_X=y and "# CONFIG_X is not set", where the last one
// of a name counts.
func readBuild(s *facts.Scope, k *facts.Kernel) {
	for _, p := range buildPaths(k) {
		options := map[string]string{}
		full := false
		err := s.Lines(p, func(_ int, text string) {
			name, value, ok := option(text)
			switch {
			case !ok:
			case len(options) == maxOptions:
				full = true
			default:
				options[name] = value
			}
		})
		if full {
			s.Problem(p, 0, binread.Limit("more than %d options", maxOptions))
		}
		if err == nil && len(options) > 0 {
			k.ConfigPath, k.Config = p, options
			return
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			s.Problem(p, 0, err)
		}
	}
}

// buildPaths are the places of the configuration; an image named without its release, as on Alpine, has it by that name.
func buildPaths(k *facts.Kernel) []string {
	var paths []string
	if !strings.ContainsAny(k.Release, "/ ") {
		paths = append(paths, "/boot/config-"+k.Release, "/usr/lib/modules/"+k.Release+"/config")
	}
	if k.Modules != "" {
		paths = append(paths, k.Modules+"/config")
	}
	if flavour, ok := strings.CutPrefix(path.Base(k.Image), "vmlinuz-"); ok {
		paths = append(paths, "/boot/config-"+flavour)
	}
	return paths
}

func option(line string) (name, value string, ok bool) {
	if name, ok := strings.CutPrefix(line, "# CONFIG_"); ok {
		name, ok = strings.CutSuffix(strings.TrimRight(name, " \r"), " is not set")
		return "CONFIG_" + name, "n", ok
	}
	name, value, ok = strings.Cut(line, "=")
	value = strings.TrimRight(value, " \r")
	if n := len(value); n > 1 && value[0] == '"' && value[n-1] == '"' {
		value = value[1 : n-1]
	}
	return name, value, ok && strings.HasPrefix(name, "CONFIG_")
}

// readModules reads the lists that depmod(8) made.
func readModules(s *facts.Scope, k *facts.Kernel) {
	if k.Modules == "" {
		return
	}
	k.Loadable = moduleList(s, k.Modules+"/modules.dep")
	k.Builtin = moduleList(s, k.Modules+"/modules.builtin")
}

// moduleList returns the names of the modules in a file with one path a line, and what it needs behind a colon. It is nil
// when there is no such file.
func moduleList(s *facts.Scope, file string) []string {
	names := []string{}
	err := s.Lines(file, func(_ int, text string) {
		p, _, _ := strings.Cut(text, ":")
		name, _, ok := strings.Cut(path.Base(p), ".ko")
		if ok && len(names) <= maxModules {
			names = append(names, facts.ModuleName(name))
		}
	})
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		s.Problem(file, 0, err)
		return nil
	case len(names) > maxModules:
		s.Problem(file, 0, binread.Limit("more than %d modules", maxModules))
		return nil
	}
	slices.Sort(names)
	return slices.Compact(names)
}
