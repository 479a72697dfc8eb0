// Package apparmor collects the domain "apparmor": whether a boot would run it, and the profiles with their modes.
//
// Sources: the files of /etc/apparmor.d as apparmor_parser(8) loads them, disable/ and force-complain/ beside them, the unit,
// and the arguments and build configuration of the kernel that starts by default. Profiles that snapd, libvirt or a
// container engine makes are not read, and which profiles are loaded is known at run time only.
package apparmor

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/engine/guest"
)

const (
	dir         = "/etc/apparmor.d"
	maxFiles    = 10_000
	maxProfiles = 50_000
)

// The modes of the whole.
const (
	enabled  = "enabled"
	disabled = "disabled"
	absent   = "absent"
)

// Collector collects the domain "apparmor".
var Collector = facts.New("apparmor", "Whether AppArmor runs after a boot, and its profiles", collect, "boot", "kernel", "units")

func collect(ctx context.Context, s *facts.Scope) (*facts.AppArmor, error) {
	out := &facts.AppArmor{
		Installed: s.Exists("/sbin/apparmor_parser") || s.Exists("/usr/sbin/apparmor_parser"),
		Started:   facts.Started(s, "apparmor.service", "apparmor"),
		Kernel:    []facts.KernelSetting{}, Profiles: []facts.AppArmorProfile{},
	}
	if err := profiles(ctx, s, out); err != nil {
		return nil, err
	}
	decide(s, out)
	return out, nil
}

func profiles(ctx context.Context, s *facts.Scope, out *facts.AppArmor) error {
	files := 0
	for _, e := range s.ReadDir(dir) {
		if err := ctx.Err(); err != nil {
			return err
		}
		if e.Type.IsDir() || passedOver(e.Name) || isDir(s, e) {
			continue
		}
		if files++; files > maxFiles || len(out.Profiles) >= maxProfiles {
			s.Problem(dir, 0, binread.Limit("more than %d files or %d profiles", maxFiles, maxProfiles))
			return nil
		}
		file(s, out, e.Name)
	}
	return nil
}

func isDir(s *facts.Scope, e guest.Entry) bool {
	if e.Type&fs.ModeSymlink == 0 {
		return false
	}
	o, err := s.Stat(dir + "/" + e.Name)
	return err == nil && o.IsDir()
}

// passedOver tells the files that apparmor_parser does not load: hidden ones and what package managers and editors leave.
func passedOver(name string) bool {
	if strings.HasPrefix(name, ".") || name == "README" {
		return true
	}
	return slices.ContainsFunc([]string{
		".dpkg-new", ".dpkg-old", ".dpkg-dist", ".dpkg-bak", ".dpkg-remove", ".pacsave", ".pacnew", ".rpmnew", ".rpmsave", ".orig", ".rej", "~",
	}, func(suffix string) bool { return strings.HasSuffix(name, suffix) })
}

// file adds the profiles of one file.
func file(s *facts.Scope, out *facts.AppArmor, name string) {
	p := dir + "/" + name
	b, err := s.ReadFile(p)
	if errors.Is(err, fs.ErrNotExist) {
		return // a link to nothing
	}
	if err != nil {
		s.Problem(p, 0, err)
		return
	}
	found, err := parse(p, string(b))
	if err != nil {
		s.Problem(p, 0, err)
	}
	mode, by := "", ""
	for _, one := range []struct{ dir, mode string }{{"disable", disabled}, {"force-complain", "complain"}} {
		if entry := dir + "/" + one.dir + "/" + name; s.Exists(entry) {
			mode, by = one.mode, entry
			break
		}
	}
	for _, one := range found {
		for _, local := range one.locals {
			if hasLine(s, dir+"/"+local) {
				one.profile.Local = append(one.profile.Local, dir+"/"+local)
			}
		}
		if mode != "" {
			one.profile.Mode, one.profile.Source = mode, facts.Source{Path: by}
		}
		out.Profiles = append(out.Profiles, one.profile)
	}
}

// hasLine reports whether a file says anything.
func hasLine(s *facts.Scope, p string) bool {
	says := false
	err := s.Lines(p, func(_ int, text string) {
		text = strings.TrimSpace(text)
		says = says || text != "" && (text[0] != '#' || strings.HasPrefix(text, "#include"))
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		s.Problem(p, 0, err)
	}
	return says
}
