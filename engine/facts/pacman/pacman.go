// Package pacman collects the domain "pacman": options, repositories and what is checked of signatures (pacman.conf(5)).
package pacman

import (
	"context"
	"strings"

	"github.com/guestctl/guestctl/engine/facts"
)

// Collector collects the domain "pacman".
var Collector = facts.New("pacman", "Options and repositories of pacman", collect)

func collect(_ context.Context, s *facts.Scope) (*facts.Pacman, error) {
	conf, err := facts.ReadPacmanConf(s)
	if err != nil {
		return nil, err
	}
	p := &facts.Pacman{
		Options: map[string]*facts.Value[string]{}, SigLevel: []facts.Value[string]{}, Repos: []facts.PacmanRepo{},
		IgnorePkg: append([]facts.Value[string]{}, conf.List("IgnorePkg")...), IgnoreGroup: append([]facts.Value[string]{}, conf.List("IgnoreGroup")...),
	}
	index := map[string]int{}
	for _, set := range conf.Settings {
		if set.Section == "options" {
			switch set.Key {
			case "":
			case "SigLevel":
				p.SigLevel = append(p.SigLevel, words(set)...)
			default:
				p.Options[set.Key] = facts.Override(p.Options[set.Key], facts.Redact(set.Value), set.Source)
			}
			continue
		}
		i, ok := index[set.Section]
		if !ok {
			i = len(p.Repos)
			index[set.Section] = i
			p.Repos = append(p.Repos, facts.PacmanRepo{Name: set.Section, Servers: []string{}, SigLevel: []facts.Value[string]{}, Source: set.Source})
		}
		switch set.Key {
		case "Server", "CacheServer":
			p.Repos[i].Servers = append(p.Repos[i].Servers, facts.Redact(set.Value))
		case "SigLevel":
			p.Repos[i].SigLevel = append(p.Repos[i].SigLevel, words(set)...)
		}
	}
	// Built in: Optional TrustedOnly.
	p.PackageSignature = signature("optional", p.SigLevel)
	for i := range p.Repos {
		p.Repos[i].PackageSignature = signature(p.PackageSignature, p.Repos[i].SigLevel)
	}
	return p, nil
}

func words(set facts.Setting) []facts.Value[string] {
	var all []facts.Value[string]
	for word := range strings.FieldsSeq(set.Value) {
		all = append(all, facts.Value[string]{Value: word, Explicit: true, Source: &set.Source})
	}
	return all
}

// signature applies the words of a SigLevel in turn to what was in effect. Those with "Database" in front are about the
// index alone, and those about trust change nothing here.
func signature(level string, words []facts.Value[string]) string {
	for _, w := range words {
		switch word := strings.TrimPrefix(w.Value, "Package"); word {
		case "Never", "Optional", "Required":
			level = strings.ToLower(word)
		}
	}
	return level
}
