// Package modprobe collects the domain "modprobe": which kernel modules can be loaded, and which are at boot.
//
// Sources: the files of modprobe.d(5) as libkmod reads them, modules-load.d(5), and the arguments of the kernel that starts
// by default. An initial RAM disk may hold an older copy of these files, and a program that is root can load a module
// with insmod(8) whatever they say.
package modprobe

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/facts"
)

const (
	maxFiles   = 4096
	maxLine    = 64 << 10 // bytes, continued lines together
	maxEntries = 100_000
	maxIgnored = 1000

	maxPatterns = 1000 // install commands with wildcards
)

// parents are the directories of modprobe.d and modules-load.d.
var parents = []string{"/etc", "/run", "/usr/local/lib", "/usr/lib", "/lib"}

// Collector collects the domain "modprobe".
var Collector = facts.New("modprobe", "Which kernel modules can be loaded", collect, "kernel", "boot")

type collector struct {
	s        *facts.Scope
	out      *facts.Modprobe
	modules  map[string]*facts.Module
	installs []facts.ModuleInstall
	patterns int
	entries  int
}

func collect(ctx context.Context, s *facts.Scope) (*facts.Modprobe, error) {
	c := &collector{s: s, modules: map[string]*facts.Module{}, out: &facts.Modprobe{
		Modules: map[string]facts.Module{}, Patterns: []facts.ModuleInstall{}, Load: []facts.ModuleLoad{},
		Files: []string{}, Ignored: []facts.Ignored{},
	}}
	kernels, _ := facts.Of[facts.Kernels](s, "kernel")
	files := slices.Concat(c.dropIns("modprobe.d", ".conf"), c.dropIns("modprobe.d", ".alias"))
	slices.SortStableFunc(files, func(a, b facts.DropIn) int { return cmp.Compare(path.Base(a.Path), path.Base(b.Path)) })
	loads := c.dropIns("modules-load.d", ".conf")
	if len(files)+len(loads) == 0 && (kernels == nil || len(kernels.Installed) == 0) {
		return nil, fmt.Errorf("no kernel and no file of modprobe.d: %w", fs.ErrNotExist)
	}
	c.out.Masked = slices.Concat(facts.Masked(files), facts.Masked(loads))
	if err := c.readAll(ctx, files, c.config); err != nil {
		return nil, err
	}
	if err := c.readAll(ctx, loads, c.load); err != nil {
		return nil, err
	}
	c.commandLine()
	c.finish(kernels)
	return c.out, nil
}

// dropIns lists the files of one kind.
func (c *collector) dropIns(kind, suffix string) []facts.DropIn {
	dirs := make([]string, len(parents))
	for i, parent := range parents {
		dirs[i] = parent + "/" + kind
	}
	files := c.s.DropIns(suffix, dirs...)
	if len(files) > maxFiles {
		c.s.Problem(dirs[0], 0, binread.Limit("%d files, read the first %d", len(files), maxFiles))
		files = files[:maxFiles]
	}
	return files
}

func (c *collector) readAll(ctx context.Context, files []facts.DropIn, read func(path string) error) error {
	for _, f := range files {
		if err := ctx.Err(); err != nil {
			return err
		}
		if f.Masked {
			continue
		}
		switch err := read(f.Path); {
		case err == nil:
			c.out.Files = append(c.out.Files, f.Path)
		case !errors.Is(err, fs.ErrNotExist):
			c.s.Problem(f.Path, 0, err)
		}
	}
	return nil
}

// module returns the module called name to be written to, or nil when there are too many.
func (c *collector) module(name string, at facts.Source) *facts.Module {
	if c.entries++; c.entries > maxEntries {
		c.s.Problem(at.Path, at.Line, binread.Limit("more than %d entries", maxEntries))
		return nil
	}
	m := c.modules[name]
	if m == nil {
		m = &facts.Module{Options: []facts.Source{}, Blacklist: []facts.Source{}}
		c.modules[name] = m
	}
	return m
}

func (c *collector) ignore(at facts.Source, reason string) {
	if len(c.out.Ignored) < maxIgnored {
		c.out.Ignored = append(c.out.Ignored, facts.Ignored{Source: at, Reason: reason})
	}
}

// load reads a file of modules-load.d(5).
func (c *collector) load(path string) error {
	return c.s.Lines(path, func(n int, text string) {
		if name := strings.TrimSpace(text); name != "" && name[0] != '#' && name[0] != ';' {
			c.addLoad(name, facts.At(path, n, text))
		}
	})
}

func (c *collector) addLoad(name string, at facts.Source) {
	if c.entries++; c.entries > maxEntries {
		c.s.Problem(at.Path, at.Line, binread.Limit("more than %d entries", maxEntries))
		return
	}
	c.out.Load = append(c.out.Load, facts.ModuleLoad{Name: facts.ModuleName(name), Source: at})
}

// finish applies the install commands, of which the first that is for a module counts, and says what the kernels have.
func (c *collector) finish(kernels *facts.Kernels) {
	exact := map[string][]int{}
	var patterns []int
	for n, i := range c.installs {
		if isPattern(i.Pattern) {
			c.out.Patterns = append(c.out.Patterns, i)
			patterns = append(patterns, n)
		} else {
			exact[i.Pattern] = append(exact[i.Pattern], n)
		}
	}
	for name, m := range c.modules {
		c.install(m, name, exact[name], patterns)
		if m.Install != nil && m.BlockedBy == nil && facts.LoadsNothing(m.Install.Value) {
			m.Blocked, m.BlockedBy = true, m.Install.Source
		}
		if kernels != nil {
			if p := kernels.Presence(name); p != "" {
				m.Present = &p
			}
		}
		c.out.Modules[name] = *m
	}
	for i := range c.out.Load {
		if kernels == nil {
			break
		}
		if p := kernels.Presence(c.out.Load[i].Name); p != "" {
			c.out.Load[i].Present = &p
		}
	}
}

// install merges the commands that name the module with the patterns that match it, in the order of reading.
func (c *collector) install(m *facts.Module, name string, exact, patterns []int) {
	all := slices.Clone(exact)
	for _, n := range patterns {
		if c.installs[n].Matches(name) {
			all = append(all, n)
		}
	}
	slices.Sort(all)
	for _, n := range all {
		m.Install = facts.Keep(m.Install, c.installs[n].Command, c.installs[n].Source)
	}
}

func isPattern(name string) bool { return strings.ContainsAny(name, "*?[") }
