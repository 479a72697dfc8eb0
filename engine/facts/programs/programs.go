// Package programs collects the domain "programs": what a system runs by itself, and whether it is there.
//
// Sources: the commands of units in force, the jobs of cron that are not ignored, RUN, PROGRAM and IMPORT of udev's rules (udev(7)),
// install commands of modprobe.d(5), pam_exec(8), and /etc/rc.local where it can be run. Commands are not run: variables,
// substitutions and conditions in them are not followed, and of a command only the program and, where that is an interpreter, its
// script are known. Scripts in /etc/init.d are named and not read.
package programs

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/facts"
)

const maxPrograms = 20_000

// Collector collects the domain "programs".
var Collector = facts.New("programs", "What units, cron, udev, modprobe and PAM run, and whether it is there", collect,
	"units", "cron", "modprobe", "pam")

type collector struct {
	s    *facts.Scope
	all  facts.Programs
	full bool
	seen map[facts.Program]bool // without what is found of them
	at   map[string]found       // by path
}

func collect(ctx context.Context, s *facts.Scope) (*facts.Programs, error) {
	c := &collector{s: s, all: facts.Programs{}, seen: map[facts.Program]bool{}, at: map[string]found{}}
	units, haveUnits := facts.Of[facts.Units](s, "units")
	jobs, haveJobs := facts.Of[facts.Cron](s, "cron")
	modules, haveModules := facts.Of[facts.Modprobe](s, "modprobe")
	stacks, haveStacks := facts.Of[facts.PAM](s, "pam")
	if haveUnits {
		c.units(*units)
	}
	if haveJobs {
		c.cron(*jobs)
	}
	if haveModules {
		c.modprobe(modules)
	}
	if haveStacks {
		c.pam(stacks)
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	c.udev()
	c.local()
	if len(c.all) == 0 && !haveUnits && !haveJobs && !haveModules && !haveStacks {
		return nil, fmt.Errorf("programs: no units, no cron, no rules: %w", fs.ErrNotExist)
	}
	return &c.all, nil
}

// units adds the commands of every unit, whether anything starts it or not.
func (c *collector) units(units facts.Units) {
	for _, name := range slices.Sorted(maps.Keys(units)) {
		u := units[name]
		if u.AliasOf != nil {
			continue
		}
		p := facts.Program{Kind: "unit", Name: name, Starts: u.Starts, User: "root", Conditional: len(u.Conditions) > 0}
		if u.User != nil {
			p.User = u.User.Value
		}
		for _, l := range u.ExecStart {
			c.exec(p, "ExecStart", l.Value, l.Source)
		}
		for _, l := range u.Exec {
			setting, value, _ := strings.Cut(l.Value, "=")
			c.exec(p, setting, value, l.Source)
		}
	}
}

// exec adds a command line of systemd.service(5): several commands stand in one line with a ; between them, each with marks before it.
func (c *collector) exec(p facts.Program, setting, value string, at facts.Source) {
	p.Setting, p.Source = setting, at
	for command := range strings.SplitSeq(value, " ; ") {
		rest := strings.TrimLeft(command, " \t@-:+!|")
		p.Optional = strings.Contains(command[:len(command)-len(rest)], "-")
		c.command(p, rest, 0)
	}
}

func (c *collector) cron(jobs facts.Cron) {
	for _, j := range jobs {
		if j.Ignored != "" {
			continue
		}
		p := facts.Program{Kind: "cron", Setting: j.Schedule, Starts: "trigger", User: j.User, Source: j.Source}
		p.Conditional = strings.Contains(j.Command, "test ") || strings.Contains(j.Command, "[ ")
		c.command(p, j.Command, 0)
	}
}

func (c *collector) modprobe(m *facts.Modprobe) {
	add := func(name, command string, at facts.Source) {
		c.command(facts.Program{Kind: "modprobe", Name: name, Setting: "install", Starts: "trigger", User: "root", Source: at}, command, 0)
	}
	for _, name := range slices.Sorted(maps.Keys(m.Modules)) {
		install := m.Modules[name].Install
		if install == nil || install.Source == nil {
			continue
		}
		add(name, install.Value, *install.Source)
		for _, old := range install.Shadowed {
			add(name, old.Value, old.Source)
		}
	}
	for _, i := range m.Patterns {
		add(i.Pattern, i.Command, i.Source)
	}
}

// pam adds what pam_exec runs. A file that several services include is told once, by the first of them.
func (c *collector) pam(p *facts.PAM) {
	seen := map[facts.Source]bool{}
	for _, name := range slices.Sorted(maps.Keys(p.Services)) {
		svc := p.Services[name]
		for _, r := range slices.Concat(svc.Auth, svc.Account, svc.Password, svc.Session) {
			i := slices.IndexFunc(r.Args, func(a string) bool { return strings.HasPrefix(a, "/") })
			if r.Module != "pam_exec.so" || i < 0 || seen[r.Source] {
				continue
			}
			seen[r.Source] = true
			c.words(facts.Program{Kind: "pam", Name: name, Setting: "pam_exec.so", Starts: "trigger", User: "root", Source: r.Source}, r.Args[i:], 0)
		}
	}
}

// local reads /etc/rc.local, which is run at the end of a boot where its mode says so.
func (c *collector) local() {
	for _, file := range []string{"/etc/rc.local", "/etc/rc.d/rc.local"} {
		o, err := c.s.Lstat(file)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			c.s.Problem(file, 0, err)
		}
		if err != nil || !o.IsRegular() || o.Mode&0o111 == 0 {
			continue // a link from one to the other is one file
		}
		err = c.s.Lines(file, func(n int, text string) {
			at := facts.At(file, n, facts.Redact(strings.TrimSpace(text)))
			c.command(facts.Program{Kind: "rc.local", Starts: "boot", User: "root", Conditional: true, Source: at}, text, 0)
		})
		if err != nil {
			c.s.Problem(file, 0, err)
		}
	}
}

// add takes in one program or script of a command.
func (c *collector) add(p facts.Program) {
	if c.seen[p] || c.full {
		return
	}
	if len(c.all) == maxPrograms {
		c.full = true
		c.s.Problem(p.Source.Path, p.Source.Line, binread.Limit("more than %d programs; the rest is left out", maxPrograms))
		return
	}
	c.seen[p] = true
	p.Path = path.Clean(p.Path)
	f := c.find(p.Path)
	p.Exists, p.Resolved, p.Type, p.Mode, p.UID, p.Writable = f.exists, f.resolved, f.typ, f.mode, f.uid, f.writable
	c.all = append(c.all, p)
}
