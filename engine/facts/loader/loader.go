// Package loader collects the domain "loader": /etc/ld.so.preload, and where files set LD_PRELOAD, LD_AUDIT and LD_LIBRARY_PATH.
//
// Sources: /etc/ld.so.preload as glibc reads it (do_preload in elf/rtld.c); Environment= and EnvironmentFile= of units, and
// DefaultEnvironment= and ManagerEnvironment= of systemd's managers; /etc/environment, environment.d(5) and pam_env.conf(5); the
// start-up files of the shells for all users and in every home, and ~/.ssh/environment. Shell scripts are read line by line and not run.
package loader

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/engine/guest"
	"github.com/guestctl/guestctl/engine/owners"
)

const (
	preloadFile  = "/etc/ld.so.preload"
	maxVariables = 20_000
	maxPreload   = 1000
	maxFiles     = 50_000
)

// variables are those that have other code loaded.
var variables = []string{"LD_PRELOAD", "LD_AUDIT", "LD_LIBRARY_PATH"}

// Collector collects the domain "loader".
var Collector = facts.New("loader", "What is loaded into programs: /etc/ld.so.preload and LD_PRELOAD", collect, "units", "users")

type collector struct {
	s     *facts.Scope
	out   *facts.Loader
	files int
	read  map[string]bool // files that were read already
}

func collect(ctx context.Context, s *facts.Scope) (*facts.Loader, error) {
	c := &collector{s: s, read: map[string]bool{}, out: &facts.Loader{Preload: []facts.PreloadedLibrary{}, Variables: []facts.LoaderVariable{}, UnreadHomes: []string{}}}
	if err := c.preload(ctx); err != nil {
		return nil, err
	}
	if units, ok := facts.Of[facts.Units](s, "units"); ok {
		c.units(*units)
	}
	c.system()
	if users, ok := facts.Of[facts.Users](s, "users"); ok {
		for _, u := range *users {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			c.home(u)
		}
	}
	return c.out, nil
}

// preload reads /etc/ld.so.preload: names between blanks and colons, and comments behind #.
func (c *collector) preload(ctx context.Context) error {
	err := c.s.Lines(preloadFile, func(n int, text string) {
		content, _, _ := strings.Cut(text, "#")
		at := facts.At(preloadFile, n, strings.TrimSpace(text))
		for _, name := range strings.FieldsFunc(content, func(r rune) bool { return strings.ContainsRune(" \t\r\x00:", r) }) {
			if len(c.out.Preload) < maxPreload {
				c.out.Preload = append(c.out.Preload, c.library(name, at))
			} else if len(c.out.Preload) == maxPreload {
				c.s.Problem(preloadFile, n, binread.Limit("more than %d libraries; the rest is left out", maxPreload))
				return
			}
		}
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		c.s.Problem(preloadFile, 0, err)
	}
	return c.packages(ctx)
}

func (c *collector) library(name string, at facts.Source) facts.PreloadedLibrary {
	l := facts.PreloadedLibrary{Library: name, Source: at}
	if !strings.HasPrefix(name, "/") || strings.Contains(name, "$") {
		return l // looked for as other libraries are; $LIB and its like depend on the program
	}
	o, err := c.s.Stat(name)
	exists := err == nil
	switch {
	case errors.Is(err, fs.ErrNotExist), exists:
		l.Exists = &exists
	case !errors.Is(err, guest.ErrUnread):
		c.s.Problem(name, 0, err)
	}
	if exists {
		l.Mode, l.UID = facts.ModeText(o.Mode), o.UID
	}
	return l
}

// packages tells which packages own the libraries.
func (c *collector) packages(ctx context.Context) error {
	if len(c.out.Preload) == 0 {
		return nil
	}
	index, err := owners.Load(ctx, c.s.Guest)
	if err != nil || len(index.Managers) == 0 {
		return ctx.Err()
	}
	for i := range c.out.Preload {
		l := &c.out.Preload[i]
		name := index.OwnerOf(l.Library)
		if l.Exists != nil && (name != "" || len(index.Problems) == 0) {
			l.Package = &name
		}
	}
	return nil
}

// add takes in one assignment of a variable that is looked for.
func (c *collector) add(v facts.LoaderVariable) {
	switch {
	case strings.TrimSpace(v.Value) == "":
	case len(c.out.Variables) < maxVariables:
		c.out.Variables = append(c.out.Variables, v)
		if len(c.out.Variables) == maxVariables {
			c.s.Problem(v.Source.Path, v.Source.Line, binread.Limit("more than %d variables; the rest is left out", maxVariables-1))
		}
	}
}

// lines calls one for each line of a file that speaks of a variable, with the place of it. A file that is not there has none.
func (c *collector) lines(file string, one func(text string, at facts.Source)) {
	if c.read[file] {
		return
	}
	c.read[file] = true
	if c.files++; c.files > maxFiles {
		if c.files == maxFiles+1 {
			c.s.Problem(file, 0, binread.Limit("more than %d files that may set variables; the rest is not read", maxFiles))
		}
		return
	}
	err := c.s.Lines(file, func(n int, text string) {
		if strings.Contains(text, "LD_") && !strings.HasPrefix(strings.TrimSpace(text), "#") {
			one(text, facts.At(file, n, facts.Redact(strings.TrimSpace(text))))
		}
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrInvalid) {
		c.s.Problem(file, 0, fmt.Errorf("variables: %w", err))
	}
}
