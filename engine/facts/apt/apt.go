// Package apt collects the domain "apt": the sources apt takes packages from (sources.list(5)) and its settings
// (apt.conf(5)).
//
// Sources are /etc/apt/sources.list and the *.list and *.sources files of sources.list.d. Settings are the files of
// apt.conf.d in the order of their names and then /etc/apt/apt.conf; later values win. Files whose names have other
// marks than letters, digits, "-", "_" and "." do not count. APT_CONFIG in an environment is not looked at.
package apt

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
	dir        = "/etc/apt"
	maxFiles   = 10_000
	maxSources = 20_000
)

// Collector collects the domain "apt".
var Collector = facts.New("apt", "Sources and settings of apt", collect)

func collect(ctx context.Context, s *facts.Scope) (*facts.Apt, error) {
	if _, err := s.Stat(dir); err != nil {
		return nil, err
	}
	a := &facts.Apt{
		Sources: []facts.AptSource{}, Conf: map[string]*facts.Value[string]{}, Lists: map[string][]facts.Value[string]{}, Keys: []string{},
	}
	c := &collector{s: s, apt: a}
	c.optional(dir+"/sources.list", c.oneLine)
	for _, name := range c.names(dir+"/sources.list.d", ".list", ".sources") {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if strings.HasSuffix(name, ".list") {
			c.optional(name, c.oneLine)
		} else {
			c.optional(name, c.stanzas)
		}
	}
	for _, name := range c.names(dir+"/apt.conf.d", "", ".conf") {
		c.optional(name, c.conf)
	}
	c.optional(dir+"/apt.conf", c.conf)
	if s.Exists(dir + "/trusted.gpg") {
		a.Keys = append(a.Keys, dir+"/trusted.gpg")
	}
	a.Keys = append(a.Keys, c.names(dir+"/trusted.gpg.d", ".gpg", ".asc")...)
	return a, nil
}

type collector struct {
	s    *facts.Scope
	apt  *facts.Apt
	full bool
}

// optional reads a file that may be missing.
func (c *collector) optional(path string, read func(path string) error) {
	if err := read(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		c.s.Problem(path, 0, err)
	}
}

// names returns the files of a directory that apt reads, in its order. An empty suffix stands for a name without a dot.
func (c *collector) names(dir string, suffixes ...string) []string {
	var names []string
	for _, e := range c.s.ReadDir(dir) {
		if e.Type.IsDir() || strings.HasPrefix(e.Name, ".") || strings.ContainsFunc(e.Name, odd) {
			continue
		}
		for _, suffix := range suffixes {
			if suffix == "" && strings.Contains(e.Name, ".") || !strings.HasSuffix(e.Name, suffix) {
				continue
			}
			if len(names) == maxFiles {
				c.s.Problem(dir, 0, binread.Limit("more than %d files; the rest is left out", maxFiles))
				return names
			}
			names = append(names, dir+"/"+e.Name)
			break
		}
	}
	return names
}

func odd(r rune) bool {
	letter := 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
	return !letter && r != '-' && r != '_' && r != '.'
}

func (c *collector) add(source facts.AptSource) {
	if len(c.apt.Sources) < maxSources {
		c.apt.Sources = append(c.apt.Sources, source)
		return
	}
	if !c.full {
		c.s.Problem(source.Source.Path, source.Source.Line, binread.Limit("more than %d sources; the rest is left out", maxSources))
	}
	c.full = true
}

func newSource(path string, n int, text string) facts.AptSource {
	return facts.AptSource{
		Types: []string{}, URIs: []string{}, Suites: []string{}, Components: []string{}, Architectures: []string{}, Enabled: true,
		Options: map[string]string{}, Source: facts.Source{Path: path, Line: n, Text: facts.Redact(text)},
	}
}

// option puts in a setting that both forms have, by its name in the one-line form. One that apt cannot read is reported.
func (c *collector) option(source *facts.AptSource, n int, name, value string) {
	switch name {
	case "arch", "architectures":
		source.Architectures = append(source.Architectures, list(value)...)
	case "trusted":
		yes, ok := truth(value)
		if !ok {
			c.s.Problem(source.Source.Path, n, fmt.Errorf("trusted is %.40q, want yes or no", value))
			return
		}
		source.Trusted = &yes
	case "signed-by":
		source.SignedBy = strings.Join(strings.Fields(value), " ")
	default:
		source.Options[name] = facts.Redact(value)
	}
}

// truth reads a value as apt's StringToBool does.
func truth(s string) (value, ok bool) {
	switch strings.ToLower(s) {
	case "1", "yes", "true", "with", "on", "enable":
		return true, true
	case "0", "no", "false", "without", "off", "disable":
		return false, true
	}
	return false, false
}

func list(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ' ' || r == '\t' })
}
