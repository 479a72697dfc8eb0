// Package imagestate collects the domain "image_state": what the use or the installation of a guest left on its disks, and a
// golden image should not have.
//
// Sources: the files themselves. Only their paths and sizes are told, hardware addresses, and whether an answer file of an
// installer or data of cloud-init holds a password, with its line; never the password. Answer files of Windows are not
// looked for.
package imagestate

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"slices"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/engine/guest"
)

// maxList is how many entries of each kind are told.
const maxList = 1000

// Collector collects the domain "image_state".
var Collector = facts.New("image_state", "What a golden image should not hand down: seeds, leases, caches, crashes, answer files", collect)

var (
	// seeds are those of systemd, of System V init, of OpenRC, and of systemd-boot on the places of an EFI partition.
	seeds = []string{
		"/var/lib/systemd/random-seed", "/var/lib/urandom/random-seed", "/var/lib/misc/random-seed", "/var/lib/random-seed",
		"/var/lib/seedrng/seed.*", "/boot/loader/random-seed", "/boot/efi/loader/random-seed", "/efi/loader/random-seed",
	}
	leases = []string{
		"/var/lib/dhcp/*.lease*", "/var/lib/dhcp3/*.lease*", "/var/lib/dhclient/*.lease*", "/var/lib/NetworkManager/*.lease*",
		"/var/lib/dhcpcd*/*", "/var/db/dhcpcd/*", "/var/lib/wicked/lease-*", "/var/lib/systemd/network/*lease*", "/var/lib/systemd/network/*/*",
	}
	crashes = []string{"/var/crash", "/var/lib/systemd/coredump", "/var/spool/abrt", "/var/lib/apport/coredump"}
	spools  = []string{"/var/mail", "/var/spool/mail"}
	temps   = []string{"/tmp", "/var/tmp"}
	rhsm    = []string{"/etc/pki/consumer/*.pem", "/etc/pki/entitlement/*.pem", "/etc/sysconfig/rhn/systemid"}
)

func collect(ctx context.Context, s *facts.Scope) (*facts.ImageState, error) {
	r := &reader{ctx: ctx, s: s}
	out := &facts.ImageState{
		RandomSeeds:   known(r, r.matching(seeds)),
		DHCPLeases:    known(r, r.matching(leases)),
		UdevNetRules:  known(r, r.netRules()),
		PackageCaches: known(r, r.caches()),
		Crash:         known(r, r.below(crashes)),
		TmpFiles:      known(r, r.counts(temps)),
		MailSpools:    known(r, r.below(spools)),
		Unattended:    known(r, r.answers()),
		RHSM:          known(r, r.subscription()),
	}
	return out, ctx.Err()
}

type reader struct {
	ctx    context.Context
	s      *facts.Scope
	read   int64 // bytes of answer files
	unread bool  // something that was looked for may be on a volume that was not read
}

// known returns what the reader has just gathered, or nil when not all of its places could be looked at. That a volume is missing is
// told by the guest itself and is no problem of this domain: what lies elsewhere is known.
func known[T any](r *reader, found T) T {
	if r.unread {
		r.unread = false
		var nothing T
		return nothing
	}
	return found
}

// problem records why a place could not be looked at.
func (r *reader) problem(path string, err error) {
	if errors.Is(err, guest.ErrUnread) {
		r.unread = true
		return
	}
	r.s.Problem(path, 0, err)
}

// glob returns the paths that match a pattern.
func (r *reader) glob(pattern string) []string {
	paths, err := r.s.Guest.Glob(pattern)
	if err != nil {
		r.problem(pattern, err)
	}
	return paths
}

// subscription returns the files of Red Hat's subscription manager.
func (r *reader) subscription() []facts.StatePath {
	all := []facts.StatePath{}
	for _, f := range append(r.matching(rhsm), r.below([]string{"/var/lib/rhsm"})...) {
		all = append(all, facts.StatePath{Path: f.Path})
	}
	return all
}

// matching returns the files that lie where the patterns say, each once: two paths of them may be one place.
func (r *reader) matching(patterns []string) []facts.StateFile {
	files := list[facts.StateFile]{r: r}
	seen := map[string]bool{}
	for _, pattern := range patterns {
		for _, path := range r.glob(pattern) {
			o, ok := r.file(path)
			if ok && !seen[o.Path] {
				seen[o.Path] = true
				files.add(path, facts.StateFile{Path: path, Size: o.Size})
			}
		}
	}
	return files.sorted(func(f facts.StateFile) string { return f.Path })
}

// file describes the regular file that a path leads to.
func (r *reader) file(path string) (guest.Object, bool) {
	o, err := r.s.Stat(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		r.problem(path, err)
	}
	return o, err == nil && o.IsRegular()
}

// below returns the files in directories, each once, in whatever depth.
func (r *reader) below(dirs []string) []facts.StateFile {
	files := list[facts.StateFile]{r: r}
	seen := map[string]bool{}
	for _, dir := range dirs {
		r.walk(dir, func(path string, o guest.Object) {
			if o.IsRegular() && !seen[o.Path] {
				seen[o.Path] = true
				files.add(path, facts.StateFile{Path: path, Size: o.Size})
			}
		})
	}
	return files.sorted(func(f facts.StateFile) string { return f.Path })
}

// walk visits what is below a directory. One that is missing has nothing below it.
func (r *reader) walk(dir string, visit func(path string, o guest.Object)) (there bool) {
	_, err := r.s.Walk(r.ctx, dir, func(path string, o guest.Object) error {
		visit(path, o)
		return nil
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) && r.ctx.Err() == nil {
		r.problem(dir, err)
	}
	return err == nil
}

// counts returns how many objects are below each directory that there is.
func (r *reader) counts(dirs []string) map[string]int {
	all := map[string]int{}
	for _, dir := range dirs {
		n := 0
		if r.walk(dir, func(string, guest.Object) { n++ }) {
			all[dir] = n
		}
	}
	return all
}

// list is a list with a bound.
type list[T any] struct {
	r    *reader
	all  []T
	full bool
}

func (l *list[T]) add(path string, entry T) {
	if len(l.all) < maxList {
		l.all = append(l.all, entry)
		return
	}
	if !l.full {
		l.full = true
		l.r.s.Problem(path, 0, binread.Limit("more than %d files of this kind; the rest is left out", maxList))
	}
}

func (l *list[T]) sorted(path func(T) string) []T {
	slices.SortStableFunc(l.all, func(a, b T) int { return cmp.Compare(path(a), path(b)) })
	return append([]T{}, l.all...)
}
