// Package cryptopolicy collects the domain "crypto_policy": the system-wide policy for cryptography (crypto-policies(7))
// that is configured, the one that was applied, and where the configuration of each library comes from.
package cryptopolicy

import (
	"context"
	"errors"
	"io/fs"
	"path"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/facts"
)

const (
	config      = "/etc/crypto-policies/config"
	state       = "/etc/crypto-policies/state/current"
	backEnds    = "/etc/crypto-policies/back-ends"
	shipped     = "/usr/share/crypto-policies/"
	maxBackEnds = 1000
)

// Collector collects the domain "crypto_policy".
var Collector = facts.New("crypto_policy", "The system-wide policy for cryptography, configured and applied", collect)

func collect(_ context.Context, s *facts.Scope) (*facts.CryptoPolicy, error) {
	p := &facts.CryptoPolicy{Modules: []string{}, BackEnds: []facts.BackEnd{}}
	var err, stateErr error
	p.Configured, err = value(s, config)
	p.State, stateErr = value(s, state)
	if errors.Is(err, fs.ErrNotExist) && errors.Is(stateErr, fs.ErrNotExist) {
		return nil, err
	}
	for _, e := range []struct {
		path string
		err  error
	}{{config, err}, {state, stateErr}} {
		if e.err != nil {
			s.Problem(e.path, 0, e.err)
		}
	}
	if p.State != nil {
		words := strings.Split(p.State.Value, ":")
		p.Policy, p.Modules = words[0], append(p.Modules, words[1:]...)
	}
	p.Drift = p.Configured != nil && p.State != nil && p.Configured.Value != p.State.Value
	for _, e := range s.ReadDir(backEnds) {
		name, ok := strings.CutSuffix(e.Name, ".config")
		if !ok {
			continue
		}
		if len(p.BackEnds) == maxBackEnds {
			s.Problem(backEnds, 0, binread.Limit("more than %d back-ends; the rest is left out", maxBackEnds))
			break
		}
		p.BackEnds = append(p.BackEnds, backEnd(s, name, e.Type))
	}
	return p, nil
}

// value is the first line that is no comment.
func value(s *facts.Scope, file string) (*facts.Value[string], error) {
	var v *facts.Value[string]
	err := s.Lines(file, func(n int, text string) {
		line, _, _ := strings.Cut(text, "#")
		if line = strings.TrimSpace(line); line != "" && v == nil {
			v = facts.Override(v, line, facts.Source{Path: file, Line: n, Text: text})
		}
	})
	if err == nil && v == nil {
		err = errors.New("names no policy")
	}
	return v, err
}

func backEnd(s *facts.Scope, name string, typ fs.FileMode) facts.BackEnd {
	b := facts.BackEnd{Name: name, Path: backEnds + "/" + name + ".config"}
	b.Exists = s.Exists(b.Path)
	if typ&fs.ModeSymlink == 0 {
		return b
	}
	target, err := s.ReadLink(b.Path)
	if err != nil {
		s.Problem(b.Path, 0, err)
		return b
	}
	if !path.IsAbs(target) {
		target = path.Join(backEnds, target)
	}
	b.Target = target
	// /usr/share/crypto-policies/DEFAULT/openssh.txt; what lies elsewhere was made for the modules in effect.
	if rest, ok := strings.CutPrefix(target, shipped); ok {
		if policy, _, ok := strings.Cut(rest, "/"); ok {
			b.Policy = policy
		}
	}
	return b
}
