// Package audit collects the domain "audit": the rules of the kernel's audit system.
//
// Sources: /etc/audit/audit.rules, which auditctl(8) loads, and /etc/audit/rules.d, out of which augenrules(8) makes it.
// Rules are written in one way (audit.rules(7)): a watch and the system call rule that does the same are equal. Names of
// system calls and users are not checked against the guest's kernel, and what auditctl -l of a running system would say is
// not known.
package audit

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/facts"
)

const (
	loadedPath = "/etc/audit/audit.rules"
	rulesDir   = "/etc/audit/rules.d"

	maxFiles    = 4096
	maxRules    = 50_000
	maxLine     = 8192 // bytes; auditctl reads fewer
	maxDrift    = 1000 // lines that are told
	maxProblems = 1000
)

// Collector collects the domain "audit".
var Collector = facts.New("audit", "The rules of the kernel's audit system", collect)

// line is one line of the rules with the place it stands at.
type line struct {
	text string
	at   facts.Source
}

func collect(ctx context.Context, s *facts.Scope) (*facts.Audit, error) {
	out := &facts.Audit{Missing: []string{}, Extra: []string{}, Files: []string{}}
	var loaded []line
	err := s.Lines(loadedPath, func(n int, text string) { loaded = appendLine(s, loaded, loadedPath, n, text) })
	hasLoaded := err == nil
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	generated, hasDir, err := generate(ctx, s, out)
	if err != nil {
		return nil, err
	}
	if !hasLoaded && !hasDir {
		return nil, fmt.Errorf("neither %s nor %s: %w", loadedPath, rulesDir, fs.ErrNotExist)
	}
	out.Loader = loader(s)
	if hasLoaded {
		out.Loaded = parse(s, loaded)
	}
	if hasDir {
		out.Rules = parse(s, generated)
	}
	if hasLoaded && hasDir {
		out.Missing, out.Extra = difference(generated, loaded), difference(loaded, generated)
		out.Drift = !slices.EqualFunc(generated, loaded, func(a, b line) bool { return a.text == b.text })
	}
	atBoot := out.AtBoot()
	if n := len(atBoot); n > 0 {
		last := atBoot[n-1]
		out.ImmutableLast = last.Option == "-e" && last.Value == "2" && last.InForce
	}
	return out, nil
}

// appendLine adds a line that says something, with single blanks.
func appendLine(s *facts.Scope, all []line, path string, n int, text string) []line {
	at := facts.At(path, n, text)
	if len(text) > maxLine {
		s.Problem(path, n, binread.Limit("line of %d bytes, want at most %d", len(text), maxLine))
		return all
	}
	text = strings.Join(strings.Fields(text), " ")
	if text == "" || text[0] == '#' {
		return all
	}
	if len(all) == maxRules {
		s.Problem(path, n, binread.Limit("more than %d rules", maxRules))
		return all
	}
	return append(all, line{text, at})
}

// difference returns the lines of a that b has not.
func difference(a, b []line) []string {
	have := map[string]bool{}
	for _, l := range b {
		have[l.text] = true
	}
	only := []string{}
	for _, l := range a {
		if !have[l.text] && len(only) < maxDrift {
			only = append(only, l.text)
		}
	}
	return only
}

// loader looks for the unit that loads the rules: audit-rules.service of newer versions, auditd.service of older ones.
func loader(s *facts.Scope) string {
	for _, unit := range []string{"audit-rules.service", "auditd.service"} {
		for _, dir := range []string{"/etc/systemd/system/", "/usr/lib/systemd/system/", "/lib/systemd/system/"} {
			settings, err := s.Settings(dir + unit)
			if errors.Is(err, fs.ErrNotExist) {
				continue
			}
			if err != nil {
				s.Problem(dir+unit, 0, err)
				continue
			}
			if by := runs(settings); by != "" {
				return by
			}
			break
		}
	}
	return ""
}

func runs(settings []facts.Setting) string {
	by := ""
	for _, one := range settings {
		switch {
		case !strings.HasPrefix(one.Key, "ExecStart"):
		case strings.Contains(one.Value, "augenrules") && strings.Contains(one.Value, "--load"):
			by = "augenrules"
		case strings.Contains(one.Value, "auditctl") && strings.Contains(one.Value, "-R"):
			by = "auditctl"
		}
	}
	return by
}
