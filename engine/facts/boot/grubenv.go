package boot

import (
	"errors"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/facts"
)

// envSignature is the first line of an environment block (GNU GRUB manual 2.12, section 16.2).
const envSignature = "# GRUB Environment Block"

// readEnv reads the environment block that path leads to; an absent one is empty.
func readEnv(s *facts.Scope, path string) map[string]value {
	vars := map[string]value{}
	bad := false
	err := s.Lines(path, func(n int, text string) {
		if n == 1 && text != envSignature {
			bad = true
			s.Problem(path, 1, binread.Corrupt("environment block begins with %.40q, want %q", text, envSignature))
		}
		name, v, ok := strings.Cut(text, "=")
		if bad || !ok || strings.HasPrefix(text, "#") || len(vars) == maxVars {
			return
		}
		vars[name] = value{text: strings.ReplaceAll(v, `\\`, `\`), source: facts.Source{Path: path, Line: n, Text: text}, env: name}
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		s.Problem(path, 0, err)
	}
	return vars
}

// loadEnv runs load_env [--skip-sig] [--file FILE] [NAME...].
func (m *machine) loadEnv(args []string) {
	if m.loads++; m.loads > maxLoads {
		m.problem(m.path, 0, binread.Limit("load_env runs more than %d times", maxLoads))
		return
	}
	file := m.vars["prefix"].text + "/grubenv"
	var names []string
	for i := 0; i < len(args); i++ {
		name, ok := strings.CutPrefix(args[i], "--file=")
		switch {
		case ok:
			file = name
		case (args[i] == "-f" || args[i] == "--file") && i+1 < len(args):
			i++
			file = args[i]
		case !strings.HasPrefix(args[i], "-"):
			names = append(names, args[i])
		}
	}
	vars := readEnv(m.s, m.file(file))
	for _, name := range slices.Sorted(maps.Keys(vars)) {
		if len(names) == 0 || slices.Contains(names, name) {
			m.set(name, vars[name])
		}
	}
}
