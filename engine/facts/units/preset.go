package units

import (
	"errors"
	"path"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/facts"
)

const maxPresets = 20_000 // lines of all preset files

// presetDirs are the directories of systemd.preset(5), highest priority first.
var presetDirs = []string{
	"/etc/systemd/system-preset", "/run/systemd/system-preset", "/usr/local/lib/systemd/system-preset",
	"/usr/lib/systemd/system-preset", "/lib/systemd/system-preset",
}

// rule is one line of a preset file.
type rule struct {
	action, pattern string
	instances       []string
}

// readPresets returns the rules in their order: the first that matches wins.
func readPresets(s *facts.Scope) []rule {
	var rules []rule
	for _, file := range s.DropIns(".preset", presetDirs...) {
		if file.Masked {
			continue
		}
		err := s.Lines(file.Path, func(n int, text string) {
			r, ok, err := parsePreset(text)
			switch {
			case err != nil:
				s.Problem(file.Path, n, err)
			case len(rules) == maxPresets:
				s.Problem(file.Path, 0, binread.Limit("more than %d lines of presets", maxPresets))
			case ok && len(rules) < maxPresets:
				rules = append(rules, r)
			}
		})
		if err != nil {
			s.Problem(file.Path, 0, err)
		}
	}
	return rules
}

// parsePreset reads one line; comments and blank lines are not ok.
func parsePreset(text string) (rule, bool, error) {
	fields := strings.Fields(text)
	if len(fields) == 0 || strings.ContainsRune("#;", rune(fields[0][0])) {
		return rule{}, false, nil
	}
	if !slices.Contains([]string{"enable", "disable", "ignore"}, fields[0]) || len(fields) < 2 {
		return rule{}, false, errors.New("line is no preset: want enable, disable or ignore, and a pattern")
	}
	r := rule{action: fields[0], pattern: strings.ReplaceAll(fields[1], "[!", "[^"), instances: fields[2:]}
	if _, err := path.Match(r.pattern, ""); err != nil {
		return rule{}, false, errors.New("pattern of the preset has an open bracket")
	}
	return r, true, nil
}

// preset returns what the rules say about a unit; without a rule it is to be enabled.
func preset(rules []rule, name string) string {
	for _, r := range rules {
		if r.matches(name) {
			return r.action
		}
	}
	return "enable"
}

func (r rule) matches(name string) bool {
	if template, ok := templateOf(name); ok && len(r.instances) > 0 {
		suffix := path.Ext(name)
		_, instance, _ := strings.Cut(strings.TrimSuffix(name, suffix), "@")
		return template == r.pattern && slices.Contains(r.instances, instance)
	}
	ok, err := path.Match(r.pattern, name)
	return ok && err == nil
}
