package packages

import (
	"context"
	"fmt"
	"io/fs"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/engine/rpmdb"
)

// rpm reads the rpm database in use, and what dnf and zypper hold.
func rpm(ctx context.Context, s *facts.Scope) (*facts.Packages, string, error) {
	paths, errs := rpmdb.Find(s.Guest)
	for _, err := range errs {
		s.Problem("", 0, err)
	}
	if len(paths) == 0 {
		return nil, "", fs.ErrNotExist
	}
	path := paths[0]
	for _, other := range paths[1:] {
		s.Problem(other, 0, fmt.Errorf("a second rpm database, beside %s, is not read", path))
	}
	s.Uses(path)
	p := newPackages("rpm")
	provides := 0
	problems, err := rpmdb.Read(ctx, s.Guest, path, func(h *rpmdb.Header) error {
		one := facts.Package{
			Name: h.Name, Version: h.EVR(), Arch: h.Arch, State: "installed",
			SourceName: sourceName(h.SourceRPM), Vendor: h.Vendor, Module: h.Module, InstallTime: h.InstallTime, Signed: &h.Signed,
			Source: facts.Source{Path: path, Text: nevra(h)},
		}
		if h.Name == "gpg-pubkey" { // no package: a key with its id and time for a version
			one.Signed = nil
			p.Keys = append(p.Keys, one)
			return nil
		}
		for _, v := range h.Provides {
			if v.Name == h.Name {
				continue // every package provides itself
			}
			if provides++; provides > maxProvides {
				return binread.Limit("%s: more than %d virtual packages", path, maxProvides)
			}
			one.Provides = append(one.Provides, facts.Provide{Name: v.Name, Version: v.Version})
		}
		add(p, one)
		return nil
	})
	for _, err := range problems {
		s.Problem(path, 0, err)
	}
	if err != nil {
		return nil, path, err
	}
	sortVersions(s, path, p)
	for _, l := range rpmLocks(s) {
		l.apply(p)
	}
	zyppAuto(s, p)
	return p, path, nil
}

func nevra(h *rpmdb.Header) string { return h.Name + "-" + h.EVR() + "." + h.Arch }

// sourceName takes the name out of "util-linux-2.32.1-42.el8.src.rpm".
func sourceName(file string) string {
	parts := strings.Split(file, "-")
	if len(parts) < 3 {
		return ""
	}
	return strings.Join(parts[:len(parts)-2], "-")
}
