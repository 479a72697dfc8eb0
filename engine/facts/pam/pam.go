// Package pam collects the domain "pam": the stacks of Linux-PAM with all that they include, which of their modules can
// run at all, and the settings of pwquality, faillock and pwhistory.
//
// Sources: the files of /etc/pam.d, and of /usr/lib/pam.d and /usr/etc/pam.d for names that /etc has not (pam.d(5)), with
// Debian's @include; /etc/pam.conf is for guests without these directories and is not read. What a module does when it
// runs is not known here, save for pam_permit and pam_deny.
package pam

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/facts"
)

// dirs are the directories of services, the first goes before the others.
var dirs = []string{"/etc/pam.d", "/usr/lib/pam.d", "/usr/etc/pam.d"}

const (
	maxServices = 2000
	maxRules    = 2000    // of one stack, after includes
	maxTotal    = 100_000 // of all stacks
)

// types are the stacks of a service.
var types = []string{"auth", "account", "password", "session"}

// Collector collects the domain "pam".
var Collector = facts.New("pam", "The stacks of PAM's services, and the settings of its password modules", collect)

func collect(ctx context.Context, s *facts.Scope) (*facts.PAM, error) {
	names := services(s)
	if len(names) == 0 {
		if s.Exists("/etc/pam.conf") {
			return nil, &fs.PathError{Op: "read", Path: "/etc/pam.conf", Err: binread.Unsupported("the one file of all services is not read by this version")}
		}
		return nil, fmt.Errorf("pam.d: %w", fs.ErrNotExist)
	}
	r := reader{s: s, files: map[string]*file{}}
	p := &facts.PAM{Services: map[string]*facts.PAMService{}}
	for _, name := range names {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if svc := r.service(name); svc != nil {
			p.Services[name] = svc
		}
	}
	p.Pwquality = pwquality(s)
	p.Faillock = moduleFile(s, "pam_faillock.so", "/etc/security/faillock.conf", faillockDefaults)
	p.Pwhistory = moduleFile(s, "pam_pwhistory.so", "/etc/security/pwhistory.conf", pwhistoryDefaults)
	return p, nil
}

// services returns the names of the files in all directories, sorted. Copies that editors and package managers leave are
// none.
func services(s *facts.Scope) []string {
	var names []string
	for _, dir := range dirs {
		for _, e := range s.ReadDir(dir) {
			if e.Type.IsDir() || leftover(e.Name) {
				continue
			}
			names = append(names, e.Name)
		}
	}
	slices.Sort(names)
	names = slices.Compact(names)
	if len(names) > maxServices {
		s.Problem(dirs[0], 0, binread.Limit("%d services, want at most %d", len(names), maxServices))
		names = names[:maxServices]
	}
	return names
}

func leftover(name string) bool {
	if strings.HasPrefix(name, ".") || strings.HasSuffix(name, "~") {
		return true
	}
	for _, part := range []string{".dpkg-", ".rpmsave", ".rpmnew", ".rpmorig", ".pacnew", ".pacsave", ".ucf-"} {
		if strings.Contains(name, part) {
			return true
		}
	}
	return false
}

// service builds the four stacks of a service. A stack that it has no line for is that of "other".
func (r *reader) service(name string) *facts.PAMService {
	f := r.load(name)
	if f == nil {
		return nil
	}
	svc := &facts.PAMService{Path: f.path, Broken: f.broken}
	for _, typ := range types {
		b := builder{r: r, typ: typ}
		b.file(f, 0, 0, nil)
		if len(b.steps) == 0 && name != "other" && r.s.Exists(r.find("other")) {
			if other := r.load("other"); other != nil {
				b.file(other, 0, 0, []string{"other"})
			}
		}
		svc.Broken = svc.Broken || b.broken
		rules := b.rules()
		switch typ {
		case "auth":
			svc.Auth = rules
		case "account":
			svc.Account = rules
		case "password":
			svc.Password = rules
		case "session":
			svc.Session = rules
		}
	}
	return svc
}

// find returns the path of a file of rules by the name that a service or an include has.
func (r *reader) find(name string) string {
	if strings.HasPrefix(name, "/") {
		return name
	}
	for _, dir := range dirs {
		_, err := r.s.Lstat(dir + "/" + name)
		if err == nil || !errors.Is(err, fs.ErrNotExist) {
			return dir + "/" + name
		}
	}
	return dirs[0] + "/" + name
}
