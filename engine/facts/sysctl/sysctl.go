// Package sysctl collects the domain "sysctl": what the kernel's parameters are set to at boot.
//
// Sources: the files of sysctl.d(5) as systemd-sysctl reads them, in the order of their names over all directories, and
// for sysctl --system of procps also /etc/sysctl.conf at the end. On a guest whose ufw is switched on its file of
// parameters comes last. It does not know which interfaces there will be, what a program writes to /proc/sys later on, or
// the kernel's own defaults.
package sysctl

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/facts"
)

const (
	mainFile  = "/etc/sysctl.conf"
	maxFiles  = 4096
	maxLine   = 1 << 20 // bytes, LONG_LINE_MAX of systemd
	maxKeys   = 100_000
	maxLosses = 1000 // ignored lines and problems that are told
)

var dirs = []string{"/etc/sysctl.d", "/run/sysctl.d", "/usr/local/lib/sysctl.d", "/usr/lib/sysctl.d", "/lib/sysctl.d"}

// Collector collects the domain "sysctl".
var Collector = facts.New("sysctl", "What the kernel's parameters are set to at boot", collect)

func collect(ctx context.Context, s *facts.Scope) (*facts.Sysctl, error) {
	c := &collector{s: s, out: &facts.Sysctl{
		Loader: loader(s), Masked: []facts.MaskedFile{}, Procps: map[string]facts.Value[string]{}, Files: []string{}, Unread: []string{},
		Globs: []facts.SysctlSetting{}, Excluded: []facts.SysctlSetting{}, Derived: []facts.SysctlDerived{}, Ignored: []facts.Ignored{},
	}}
	other := table{keeps: true}
	effective := table{keeps: c.out.Loader == procps}
	mask := c.unitMask()
	into := []*table{&other, &effective}
	if mask != "" {
		c.out.Loader, into = "", into[:1]
	}
	ofDropIns, err := c.dropIns(ctx, into...)
	if err != nil {
		return nil, err
	}
	if mask != "" {
		c.out.Masked = append(c.out.Masked, facts.MaskedFile{Path: "/usr/lib/systemd/system/" + unit, By: mask})
		c.out.Files, c.out.Unread = []string{}, c.out.Files
	}
	var hasMain bool
	if c.out.Loader == procps {
		hasMain = c.read(mainFile, true, &effective)
	} else {
		hasMain = c.read(mainFile, false, &other)
	}
	firewall := c.firewall()
	if ofDropIns == 0 && !hasMain && firewall == "" {
		return nil, fmt.Errorf("no file of sysctl.d: %w", fs.ErrNotExist)
	}
	if firewall != "" {
		c.read(firewall, true, &effective)
	}
	c.finish(&effective, &other, hasMain)
	return c.out, nil
}

const (
	systemd = "systemd-sysctl"
	procps  = "procps"

	unit    = "systemd-sysctl.service"
	devNull = "/dev/null"
)

func loader(s *facts.Scope) string {
	if s.Exists("/usr/lib/systemd/systemd-sysctl") || s.Exists("/lib/systemd/systemd-sysctl") {
		return systemd
	}
	return procps
}

// unitMask returns the file that takes the unit of systemd-sysctl out of force, a link to /dev/null or an empty file, or "".
func (c *collector) unitMask() string {
	if c.out.Loader != systemd {
		return ""
	}
	for _, dir := range []string{"/etc/systemd/system.control/", "/etc/systemd/system/", "/run/systemd/system/"} {
		o, err := c.s.Lstat(dir + unit)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		target := ""
		if err == nil && o.IsSymlink() {
			target, err = c.s.ReadLink(dir + unit)
		}
		if err != nil {
			c.problem(dir+unit, 0, err)
			return ""
		}
		if path.Join(dir, target) == devNull || path.Clean(target) == devNull || o.IsRegular() && o.Size == 0 {
			return dir + unit
		}
		return ""
	}
	return ""
}

type collector struct {
	s    *facts.Scope
	out  *facts.Sysctl
	lost int
}

// dropIns reads the directories and returns how many files there are.
func (c *collector) dropIns(ctx context.Context, into ...*table) (int, error) {
	files := c.s.DropIns(".conf", dirs...)
	if len(files) > maxFiles {
		c.problem(dirs[0], 0, binread.Limit("%d files, read the first %d", len(files), maxFiles))
		files = files[:maxFiles]
	}
	c.out.Masked = append(c.out.Masked, facts.Masked(files)...)
	for _, f := range files {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		if !f.Masked {
			c.read(f.Path, true, into...)
		}
	}
	return len(files), nil
}

// read adds the lines of a file to the tables and reports whether the file is there. A link to nothing is no problem for
// the programs that read these files. What is ignored of a file is told when it counts for the loader.
func (c *collector) read(path string, counts bool, into ...*table) bool {
	err := c.s.Lines(path, func(n int, text string) {
		if len(text) > maxLine {
			c.problem(path, n, binread.Limit("line of %d bytes, want at most %d", len(text), maxLine))
			return
		}
		l, reason := parseLine(text)
		switch {
		case reason != "" && counts:
			c.ignore(path, n, text, reason)
		case l.key == "":
		case len(into[0].all) == maxKeys:
			c.problem(path, n, binread.Limit("more than %d parameters", maxKeys))
		default:
			for _, t := range into {
				t.add(l, source(path, n, text, l))
			}
		}
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		c.problem(path, 0, err)
	}
	if err == nil && counts {
		c.out.Files = append(c.out.Files, path)
	}
	return err == nil
}

func (c *collector) problem(path string, line int, err error) {
	if c.lost++; c.lost <= maxLosses {
		c.s.Problem(path, line, err)
	}
}

func (c *collector) ignore(path string, n int, text, reason string) {
	if c.lost++; c.lost <= maxLosses {
		c.out.Ignored = append(c.out.Ignored, facts.Ignored{Source: facts.At(path, n, text), Reason: reason})
	}
}

// firewall returns the file of parameters that ufw applies after the others when it is switched on, or "".
func (c *collector) firewall() string {
	conf := c.assignments("/etc/ufw/ufw.conf")
	if on := facts.LastAssignment(conf, "ENABLED"); on == nil || !slices.Contains([]string{"yes", "YES", "Yes"}, on.Value) {
		return ""
	}
	if file := facts.LastAssignment(c.assignments("/etc/default/ufw"), "IPT_SYSCTL"); file != nil {
		return file.Value
	}
	return ""
}

func (c *collector) assignments(path string) []facts.Assignment {
	all, err := c.s.Assignments(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		c.problem(path, 0, err)
	}
	return all
}

// finish makes the effective values, and tells where the other program comes to others.
func (c *collector) finish(effective, other *table, hasMain bool) {
	c.out.Effective, c.out.Derived = effective.apply()
	for _, e := range effective.inOrder() {
		switch {
		case e.excluded:
			c.out.Excluded = append(c.out.Excluded, facts.SysctlSetting{Key: dotted(e.key), Source: *e.value.Source})
		case isGlob(e.key):
			c.out.Globs = append(c.out.Globs, facts.SysctlSetting{Key: dotted(e.key), Value: e.value.Value, Source: *e.value.Source})
		}
	}
	if c.out.Loader == procps {
		return
	}
	if hasMain && !slices.ContainsFunc(c.out.Files, func(f string) bool { p, err := c.s.Guest.Resolve(f); return err == nil && p == mainFile }) {
		c.out.Unread = append(c.out.Unread, mainFile)
	}
	set, _ := other.apply()
	for key, v := range set {
		if have, ok := c.out.Effective[key]; !ok || have.Value != v.Value {
			c.out.Procps[key] = v
		}
	}
}
