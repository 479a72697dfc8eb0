// Package apk collects the domain "apk": where apk takes packages from (apk-repositories(5)), and the keys it trusts.
package apk

import (
	"context"
	"errors"
	"io/fs"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/facts"
)

const (
	main            = "/etc/apk/repositories"
	maxRepositories = 10_000
	maxFiles        = 10_000
)

// Collector collects the domain "apk".
var Collector = facts.New("apk", "Repositories and keys of apk", collect)

func collect(_ context.Context, s *facts.Scope) (*facts.Apk, error) {
	a := &facts.Apk{Repositories: []facts.ApkRepository{}, Keys: []string{}}
	err := file(s, a, main)
	if err != nil && (!errors.Is(err, fs.ErrNotExist) || !s.Exists("/etc/apk")) {
		return nil, err
	}
	for i, d := range s.DropIns(".list", "/etc/apk/repositories.d", "/lib/apk/repositories.d") {
		if i >= maxFiles {
			s.Problem(d.Path, 0, binread.Limit("more than %d files of repositories; the rest is left out", maxFiles))
			break
		}
		if err := file(s, a, d.Path); err != nil {
			s.Problem(d.Path, 0, err)
		}
	}
	for _, dir := range []string{"/etc/apk/keys", "/lib/apk/keys"} {
		for _, e := range s.ReadDir(dir) {
			if strings.HasSuffix(e.Name, ".pub") && len(a.Keys) < maxFiles {
				a.Keys = append(a.Keys, dir+"/"+e.Name)
			}
		}
	}
	return a, nil
}

func file(s *facts.Scope, a *facts.Apk, path string) error {
	full := false
	return s.Lines(path, func(n int, text string) {
		words := strings.Fields(text)
		if len(words) == 0 || words[0][0] == '#' || full {
			return
		}
		if full = len(a.Repositories) >= maxRepositories; full {
			s.Problem(path, n, binread.Limit("more than %d repositories; the rest is left out", maxRepositories))
			return
		}
		r := facts.ApkRepository{Source: facts.Source{Path: path, Line: n, Text: facts.Redact(text)}}
		if words[0][0] == '@' { // packages are taken from it where they are named with the tag
			r.Tag, words = words[0][1:], words[1:]
		}
		if len(words) == 0 {
			s.Problem(path, n, errors.New("line has a tag and no address"))
			return
		}
		r.URL = facts.Redact(strings.Join(words, " "))
		a.Repositories = append(a.Repositories, r)
	})
}
