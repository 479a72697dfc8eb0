// Package registry collects the domain "registry": the keys and values that checks ask for by path.
//
// Source: the hives of the guest, as package engine/registry puts them together. What is in SAM and SECURITY, and what is called a password
// or its like, is told by its type alone. What cannot be read of one path is the error of that path alone.
package registry

import (
	"context"
	"errors"
	"io/fs"
	"regexp"
	"strings"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/engine/guest"
	"github.com/guestctl/guestctl/engine/hive"
)

const (
	maxText  = 64 << 10 // bytes of a value that are told
	maxNames = 1000     // of a key's keys, and of its values
)

// Collector collects the domain "registry".
var Collector = facts.New("registry", "The keys and values of Windows' registry that checks name", collect).On(guest.Windows)

func collect(ctx context.Context, s *facts.Scope) (*facts.Registry, error) {
	h, err := s.Hives()
	if err != nil {
		return nil, err
	}
	all := facts.Registry{}
	for _, path := range s.Request.Registry {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		all[path] = entry(h, path)
	}
	return &all, nil
}

func entry(h *facts.Hives, path string) facts.RegistryEntry {
	keyPath, name, isValue := strings.Cut(path, "!")
	var e facts.RegistryEntry
	k, err := h.Look(keyPath)
	e.KeyExists, e.Written, e.Source = k.Exists, k.Written(), k.Source()
	switch {
	case err != nil:
		e.Error = facts.ProblemText(err)
	case !k.Exists:
	case isValue:
		value(&e, k, name)
	default:
		e.Exists = true
		e.Keys, e.Values, err = k.Names(maxNames)
		if err != nil {
			e.Error = facts.ProblemText(err)
		}
	}
	return e
}

func value(e *facts.RegistryEntry, k facts.RegistryKey, name string) {
	v, err := k.Get(name)
	e.Source = k.Mark(name)
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	if err != nil {
		e.Error = facts.ProblemText(err)
		return
	}
	e.Exists, e.Type = true, v.Type.String()
	if secret(k.Path, v) {
		e.Redacted = true
		return
	}
	e.Source = k.Source(v)
	e.Text = facts.Redact(facts.ValueText(v))
	if len(e.Text) > maxText {
		e.Text = e.Text[:maxText] + "…"
	}
	if n, err := v.Number(); err == nil && n < 1<<63 {
		e.Number = new(int(n))
	}
	if texts, err := v.Texts(); err == nil {
		e.Texts = texts
	}
}

// secretName are names of values that hold secrets, where they hold texts or bytes: numbers with such names are settings.
var secretName = regexp.MustCompile(`(?i)passw|passphrase|\bpwd|secret|token|credential|cpass|\bpsk\b|private.?key|product.?key|digitalproductid|wepkey`)

// secretPath are keys of which all values are secrets.
var secretPath = regexp.MustCompile(`(?i)^HKLM\\(?:SAM|SECURITY)(?:\\|$)|\\ValidCommunities$|\\SimonTatham\\PuTTY\\Sessions\\|\\Lsa\\(?:JD|Skew1|GBG|Data)$`)

func secret(path string, v hive.Value) bool {
	_, err := v.Number()
	return secretPath.MatchString(path) || err != nil && secretName.MatchString(v.Name)
}
