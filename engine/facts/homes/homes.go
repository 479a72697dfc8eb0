// Package homes collects the domain "homes": the home directories of people, with their dot files and the places where
// programs keep credentials.
//
// Sources: the domain "users", the directories themselves, and /etc/passwd and /etc/group for the names of owners. It reads
// names and inodes and no content. Keys of SSH with what they allow are in the domain "ssh_keys".
package homes

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/engine/guest"
)

const (
	maxHomes   = 2000
	maxEntries = 2000      // of one home
	maxAll     = 50_000    // entries of all homes
	maxListed  = 2_000_000 // names that are looked at in all directories
)

// Collector collects the domain "homes".
var Collector = facts.New("homes", "Home directories, their dot files and where credentials lie in them", collect, "users")

// credentials are the files of programs below a home, as patterns for the last name of each.
var credentials = []struct{ dir, name string }{
	{".ssh", "*"},
	{".aws", "credentials"},
	{".aws", "config"},
	{".azure", "*"},
	{".cargo", "credentials*"},
	{".config/containers", "auth.json"},
	{".config/gcloud", "*.json"},
	{".config/gcloud", "*.db"},
	{".config/gh", "hosts.yml"},
	{".config/git", "credentials"},
	{".config/rclone", "rclone.conf"},
	{".docker", "config.json"},
	{".gem", "credentials"},
	{".gnupg/private-keys-v1.d", "*"},
	{".kube", "config"},
	{".local/share/fish", "fish_history"},
	{".m2", "settings.xml"},
	{".terraform.d", "credentials.tfrc.json"},
}

func collect(ctx context.Context, s *facts.Scope) (*facts.Homes, error) {
	users, ok := facts.Of[facts.Users](s, "users")
	if !ok {
		return nil, fmt.Errorf("no accounts are known: %w", fs.ErrNotExist)
	}
	r := reader{s: s, owners: s.Owners()}
	all := facts.Homes{}
	seen := map[string]bool{}
	for _, u := range *users {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		dir := u.Home
		if path.IsAbs(dir) {
			dir = path.Clean(dir)
		}
		if seen[dir] || u.UID != 0 && !u.Interactive && !u.LoginShell {
			continue
		}
		if len(seen) == maxHomes {
			s.Problem("/etc/passwd", u.Source.Line, binread.Limit("more than %d homes", maxHomes))
			break
		}
		seen[dir] = true
		all = append(all, r.home(u, dir))
	}
	return &all, nil
}

type reader struct {
	s      *facts.Scope
	owners *facts.Owners
	all    int // entries of all homes
	listed int // names that were looked at
	full   bool
}

// home describes one home. A volume that is missing is told by the guest itself and is no problem of the home.
func (r *reader) home(u facts.User, dir string) facts.Home {
	exists := false
	h := facts.Home{User: u.Name, UID: u.UID, Path: dir, Exists: &exists, Entries: []facts.HomeFile{}}
	if !path.IsAbs(dir) {
		return h
	}
	o, err := r.s.Stat(dir)
	switch {
	case errors.Is(err, guest.ErrUnread):
		h.Exists = nil
		return h
	case missing(err):
		return h
	case err != nil:
		h.Exists = nil
		r.s.Problem(dir, 0, fmt.Errorf("home of %q: %w", u.Name, err))
		return h
	}
	exists = o.IsDir()
	if !exists {
		return h
	}
	h.Mode, h.OwnerUID, h.Owner, h.Group = facts.ModeText(o.Mode), &o.UID, r.owners.User(o.UID), r.owners.Group(o.GID)
	if r.all < maxAll && r.listed < maxListed {
		h.Entries = append(h.Entries, r.entries(strings.TrimSuffix(dir, "/"))...)
	} else {
		r.limit(dir)
	}
	return h
}

// entries describes what is in a home, which begins with "/" or is "" for the root.
func (r *reader) entries(home string) []facts.HomeFile {
	names := r.matches(home, "", ".*")
	top := len(names)
	for _, c := range credentials {
		first, _, _ := strings.Cut(c.dir, "/")
		if slices.Contains(names[:top], first) {
			names = append(names, r.matches(home, c.dir, c.name)...)
		}
	}
	slices.Sort(names)
	var all []facts.HomeFile
	for _, name := range names {
		if len(all) == maxEntries || r.all == maxAll {
			r.limit(home)
			break
		}
		file := home + "/" + name
		o, err := r.s.Lstat(file)
		if err != nil {
			r.s.Problem(file, 0, err)
			continue
		}
		target := ""
		if o.IsSymlink() {
			if target, err = o.ReadLink(); err != nil {
				r.s.Problem(file, 0, err)
			}
		}
		r.all++
		all = append(all, facts.HomeFile{Inode: r.owners.Inode(file, o), Link: target, Name: name})
	}
	return all
}

func (r *reader) limit(home string) {
	if !r.full {
		r.full = true
		r.s.Problem(home, 0, binread.Limit("more than %d entries in a home, %d in all homes, or %d names to look at; the rest is left out", maxEntries, maxAll, maxListed))
	}
}

// matches returns the names below a home that are in dir and match the pattern. There are none where dir is no directory.
func (r *reader) matches(home, dir, pattern string) []string {
	full := path.Join(home, dir) + "/"
	o, err := r.s.Stat(full)
	if err != nil || !o.IsDir() {
		if err != nil && !missing(err) {
			r.s.Problem(full, 0, err)
		}
		return nil
	}
	var names []string
	list := r.s.ReadDir(full)
	if r.listed += len(list); r.listed > maxListed {
		r.limit(full)
		return nil
	}
	for _, e := range list {
		if ok, err := path.Match(pattern, e.Name); ok && err == nil {
			names = append(names, path.Join(dir, e.Name))
		}
	}
	return names
}

// missing reports whether there is nothing: no such name, or a file in place of a directory on the way.
func missing(err error) bool { return errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrInvalid) }
