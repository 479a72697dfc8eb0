// Package cron collects the domain "cron": the jobs of cron, anacron and at.
//
// Sources: /etc/crontab and /etc/cron.d (crontab(5)), the tables of users in the places of Debian, Red Hat, SUSE and Alpine,
// the directories cron.hourly to cron.monthly with the rules of run-parts(8) about names, /etc/anacrontab
// (anacrontab(5)), and the spool of at. Whether the daemon runs is in the domain "units".
package cron

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/engine/guest"
)

const (
	maxJobs    = 50_000
	maxTable   = 4 << 20  // bytes of one table
	maxCommand = 64 << 10 // bytes of one line
)

// Collector collects the domain "cron".
var Collector = facts.New("cron", "Jobs of cron, anacron and at", collect, "os")

// userTables are the directories with one table for each user.
var userTables = []string{"/var/spool/cron/crontabs", "/var/spool/cron/tabs", "/var/spool/cron", "/etc/crontabs"}

// places are what shows that the guest has any of this.
var places = []string{"/etc/crontab", "/etc/cron.d", "/etc/anacrontab", "/etc/cron.daily", "/etc/periodic", "/usr/sbin/cron", "/usr/sbin/crond"}

type reader struct {
	s      *facts.Scope
	debian bool // cron as Debian builds it
	dots   bool // run-parts takes names with dots
	jobs   facts.Cron
	full   bool
	seen   map[string]bool // tables by resolved path
}

func collect(ctx context.Context, s *facts.Scope) (*facts.Cron, error) {
	r := &reader{s: s, jobs: facts.Cron{}, seen: map[string]bool{}}
	if os, ok := facts.Of[facts.OS](s, "os"); ok {
		r.debian = os.Family == "debian"
		r.dots = os.Family == "rhel" || os.Family == "suse"
	}
	present := false
	for _, p := range places {
		present = present || s.Exists(p)
	}
	r.table("/etc/crontab", "crontab", "", false)
	for _, e := range s.ReadDir("/etc/cron.d") {
		if e.Type.IsDir() || e.Name == ".placeholder" {
			continue
		}
		if file := "/etc/cron.d/" + e.Name; r.refuses(e.Name) != "" {
			r.ignore("cron.d", file, r.refuses(e.Name))
		} else {
			r.table(file, "cron.d", "", true)
		}
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	for _, dir := range userTables {
		r.users(dir)
	}
	r.parts()
	r.anacron()
	r.at()
	if !present && len(r.jobs) == 0 {
		return nil, fmt.Errorf("no table of cron: %w", fs.ErrNotExist)
	}
	return &r.jobs, nil
}

// refuses says why cron does not read a file of this name in /etc/cron.d, or "".
func (r *reader) refuses(name string) string {
	switch {
	case strings.HasPrefix(name, "."):
		return "name begins with a dot"
	case strings.HasSuffix(name, "~") || strings.HasPrefix(name, "#"):
		return "name of a backup"
	case r.debian && !partName(name):
		return "name has other characters than letters, digits, - and _"
	case !r.debian && leftOver(name):
		return "name of a left-over of the package manager"
	}
	return ""
}

// leftOver are the names that cronie and Red Hat's run-parts skip.
func leftOver(name string) bool {
	switch path.Ext(name) {
	case ".rpmsave", ".rpmorig", ".rpmnew", ".cfsaved", ".swp":
		return true
	}
	return strings.HasSuffix(name, ",v")
}

// partName reports whether run-parts of Debian runs a file of this name.
func partName(name string) bool {
	return name != "" && strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") == ""
}

func (r *reader) add(j facts.CronJob) {
	switch {
	case len(r.jobs) < maxJobs:
		r.jobs = append(r.jobs, j)
	case !r.full:
		r.full = true
		r.s.Problem(j.Source.Path, j.Source.Line, binread.Limit("more than %d jobs; the rest is left out", maxJobs))
	}
}

func (r *reader) ignore(kind, file, why string) {
	r.add(facts.CronJob{Kind: kind, Ignored: why, Source: facts.Source{Path: file}})
}

// users reads one directory with the tables of users.
func (r *reader) users(dir string) {
	to, err := r.s.Guest.Resolve(dir)
	if err != nil || r.seen[to] {
		return // Alpine's spool is a link to /etc/crontabs; what cannot be read is said by ReadDir of the other
	}
	r.seen[to] = true
	for _, e := range r.s.ReadDir(dir) {
		if e.Type.IsDir() || strings.HasPrefix(e.Name, ".") {
			continue
		}
		if o, err := r.s.Guest.Stat(dir + "/" + e.Name); err == nil && o.IsDir() {
			continue // through a link
		}
		r.table(dir+"/"+e.Name, "user", e.Name, false)
	}
}

// table reads one table. Those of users have no column for the user.
func (r *reader) table(file, kind, user string, listed bool) {
	b, err := r.s.ReadFile(file)
	switch {
	case errors.Is(err, fs.ErrNotExist) && !listed:
		return
	case errors.Is(err, fs.ErrNotExist):
		r.ignore(kind, file, "link that leads nowhere")
		return
	case err == nil && len(b) > maxTable:
		err = binread.Limit("%d bytes, want at most %d", len(b), maxTable)
	}
	if err != nil {
		r.s.Problem(file, 0, err)
		return
	}
	why := ""
	switch o, err := r.s.Stat(file); {
	case err != nil:
		r.s.Problem(file, 0, err)
	case user == "" && o.UID != 0:
		why = fmt.Sprintf("owned by uid %d, want root", o.UID)
	case o.Mode&0o022 != 0:
		why = fmt.Sprintf("others than the owner may write it: mode %04o", o.Mode&0o7777)
	case r.debian && len(b) > 0 && b[len(b)-1] != '\n':
		why = "no newline at the end"
	}
	n := 0
	for text := range strings.Lines(string(b)) {
		n++
		j, ok, err := parseLine(strings.TrimRight(text, "\n"), user)
		if err != nil {
			r.s.Problem(file, n, err)
		}
		if ok {
			j.Kind, j.Ignored = kind, why
			j.Source = facts.At(file, n, facts.Redact(strings.TrimRight(text, "\r\n")))
			r.add(j)
		}
	}
}

// parts reads the directories of scripts: Debian's and Red Hat's, and Alpine's below /etc/periodic.
func (r *reader) parts() {
	for _, period := range []string{"hourly", "daily", "weekly", "monthly", "yearly", "15min"} {
		for _, dir := range []string{"/etc/cron." + period, "/etc/periodic/" + period} {
			for _, e := range r.s.ReadDir(dir) {
				r.part(period, dir+"/"+e.Name, e)
			}
		}
	}
}

func (r *reader) part(period, file string, e guest.Entry) {
	if e.Type.IsDir() || e.Name == ".placeholder" {
		return
	}
	j := facts.CronJob{Kind: "run-parts", Schedule: period, User: "root", Command: file, Source: facts.Source{Path: file}}
	o, err := r.s.Stat(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		j.Ignored = "link that leads nowhere"
	case err != nil:
		r.s.Problem(file, 0, err)
	case !o.IsRegular():
		j.Ignored = "is no regular file"
	case o.Mode&0o111 == 0:
		j.Ignored = "not executable"
	case !r.dots && !partName(e.Name):
		j.Ignored = "name has other characters than letters, digits, - and _"
	case r.dots && (leftOver(e.Name) || strings.HasSuffix(e.Name, "~")):
		j.Ignored = "name of a left-over of the package manager"
	}
	r.add(j)
}
