package files

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/guestctl/guestctl/engine/facts"
)

const (
	maxValue  = 4 << 10 // bytes of one value that is told
	maxValues = 1000    // of one list, and of the values that one key had before
)

// settings takes the settings that are asked for out of a file. Nothing else of the content is kept.
func settings(f *facts.File, path string, content []byte, want []string) {
	f.Settings = map[string]*facts.FileSetting{}
	for _, form := range []struct {
		prefix string
		parse  func(k *keep, content []byte) error
	}{{facts.FormINI, parseINI}, {facts.FormJSON, parseJSON}} {
		k := &keep{path: path, all: map[string]*facts.FileSetting{}}
		for _, w := range want {
			if key, ok := strings.CutPrefix(w, form.prefix); ok {
				k.all[key] = nil
			}
		}
		if len(k.all) == 0 {
			continue
		}
		err := form.parse(k, content)
		if err == nil && !utf8.Valid(content) {
			err = errors.New("is not UTF-8")
		}
		if err != nil {
			if f.Unparsed == nil {
				f.Unparsed = map[string]string{}
			}
			f.Unparsed[strings.TrimSuffix(form.prefix, ":")] = err.Error()
			continue
		}
		for key, v := range k.all {
			f.Settings[form.prefix+key] = v
		}
	}
}

// keep holds the settings that are asked for while a file is read; nil is one that was not met.
type keep struct {
	path string
	all  map[string]*facts.FileSetting
}

func (k *keep) wants(key string) bool {
	_, ok := k.all[key]
	return ok
}

// take takes a setting in, over the one of the same key before it. What looks like a secret is blanked.
func (k *keep) take(key string, line int, v facts.FileSetting) {
	secret := func(text string) bool {
		plain := key + "=" + text
		return facts.Redact(plain) != plain
	}
	if secret(v.Value) || slices.ContainsFunc(v.List, secret) {
		v.Secret, v.Value = true, "***"
		for i := range v.List {
			v.List[i] = "***"
		}
	}
	v.Source = facts.Source{Path: k.path, Line: line}
	if !v.Secret && v.Kind != "list" && v.Kind != "table" {
		v.Source = facts.At(k.path, line, facts.Redact(key+" = "+v.Value))
	}
	if old := k.all[key]; old != nil {
		v.Shadowed = old.Shadowed
		if len(v.Shadowed) < maxValues {
			v.Shadowed = append(v.Shadowed, facts.Shadow[string]{Source: old.Source, Value: old.Value})
		}
	}
	k.all[key] = &v
}

// parseINI reads sections and "key = value" lines. Of a line that is none of these nobody knows what the program makes.
func parseINI(k *keep, content []byte) error {
	var first error
	all := facts.ParseSettings(k.path, content, func(line int, err error) {
		if first == nil {
			first = fmt.Errorf("line %d: %w", line, err)
		}
	})
	if first != nil {
		return first
	}
	for _, s := range all {
		key := s.Key
		if s.Section != "" {
			key = s.Section + "." + key
		}
		if !k.wants(key) {
			continue
		}
		if len(s.Value) > maxValue {
			return fmt.Errorf("line %d: a value of %d bytes, want at most %d", s.Source.Line, len(s.Value), maxValue)
		}
		k.take(key, s.Source.Line, facts.FileSetting{Kind: "string", Value: s.Value})
	}
	return nil
}
