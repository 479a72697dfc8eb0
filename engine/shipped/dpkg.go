package shipped

import (
	"context"
	"crypto"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"io/fs"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/owners"
)

const (
	dpkgOverrides = "/var/lib/dpkg/statoverride"
	// slack is how much later than its list a part of a package may be written: dpkg writes one after the other.
	slack = time.Hour
)

// dpkg reads the lists of files with their md5sums, the digests of configuration files in status, and what the administrator
// registered with dpkg-statoverride(1) and path-exclude of dpkg.cfg(5). It keeps no modes and no owners of others.
func dpkg(ctx context.Context, l *loader) (bool, error) {
	d := &dpkgLoader{loader: l}
	d.readStatus(ctx)
	d.readOverrides(ctx)
	d.excludes = readExcludes(ctx, l)
	found, err := l.Dpkg(ctx, func(list owners.DpkgList) error { return d.pkg(ctx, list) })
	if found {
		d.compareStatus()
	}
	return found, err
}

type dpkgLoader struct {
	*loader
	installed []*paragraph
	packages  map[string]*paragraph // by name, and by name:arch
	overrides map[string]File       // by path without links
	// overridden are the last parts of these paths: few are looked for.
	overridden map[string]bool
	excludes   excludes
}

// md5line is a line of md5sums, or of Conffiles in status.
type md5line struct {
	sum  [md5.Size]byte
	line int
}

// pkg adds the files of one package.
func (d *dpkgLoader) pkg(ctx context.Context, list owners.DpkgList) error {
	sums, err := d.sums(ctx, list)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		d.Problem(list.Digests, err)
	}
	d.times(list)
	p := d.paragraph(list)
	if p != nil {
		p.listed = true
	}
	for i, listed := range list.Files {
		f := File{Path: listed.Path, Package: list.Package, Manager: d.manager, Source: Source{list.Path, listed.Line}}
		clean := path.Clean(listed.Listed)
		if sum, ok := sums[clean]; ok {
			f.Type, f.Hash, f.Digest, f.Source = typeRegular, crypto.MD5, sum.sum[:], Source{list.Digests, sum.line}
		} else if i+1 < len(list.Files) && strings.HasPrefix(list.Files[i+1].Listed, listed.Listed+"/") {
			f.Type = typeDirectory
		}
		if c, ok := p.conffile(clean); ok {
			f.Config, f.Optional, f.Source = true, c.gone, Source{p.path, c.line}
			if f.Type, f.Hash, f.Digest = typeRegular, 0, nil; c.digested {
				f.Hash, f.Digest = crypto.MD5, c.sum[:]
			}
		}
		f.Optional = f.Optional || d.excludes.match(clean)
		d.override(&f)
		if err := d.add(f); err != nil {
			return err
		}
	}
	return nil
}

// sums are the digests of one package, by path as its list has it.
func (d *dpkgLoader) sums(ctx context.Context, list owners.DpkgList) (map[string]md5line, error) {
	sums := make(map[string]md5line, len(list.Files))
	err := d.LinesOf(ctx, list.Digests, list.Sums, func(n int, line string) error {
		if line == "" {
			return nil
		}
		digest, file, ok := owners.Digested(line)
		sum, whole := parseMD5(digest)
		if !ok || !whole {
			d.Problem(list.Digests, binread.Corrupt("line %d is no digest and path: %.60q", n, line))
			return nil
		}
		if old, ok := sums[file]; ok && old.sum != sum {
			d.weakness(Contradicted, list.Digests, "lines "+strconv.Itoa(old.line)+" and "+strconv.Itoa(n)+" have different digests of "+file)
		}
		if len(sums) > 2*len(list.Files)+1000 {
			return binread.Limit("far more digests than the package has files")
		}
		sums[file] = md5line{sum, n}
		return nil
	})
	return sums, err
}

func parseMD5(s string) (sum [md5.Size]byte, ok bool) {
	if len(s) != 2*md5.Size {
		return sum, false
	}
	_, err := hex.Decode(sum[:], []byte(s))
	return sum, err == nil
}

// times keeps when the package was unpacked, and tells digests that were written later: dpkg gives them the time at which the package
// was made, and their inode its place right after the list.
func (d *dpkgLoader) times(list owners.DpkgList) {
	unpacked, written := list.List, list.Sums
	d.index.unpacked[list.Package] = &Times{unpacked.Modify, unpacked.Change}
	if written.Mode == 0 || list.Digests == list.Path {
		return
	}
	day := func(t time.Time) string { return t.UTC().Format(time.RFC3339) }
	switch {
	case written.Modify.Sub(unpacked.Modify) > slack:
		d.weakness(Rewritten, list.Digests, "written "+day(written.Modify)+", after the list of the package's files of "+day(unpacked.Modify))
	case written.Change.Sub(unpacked.Change) > slack:
		d.weakness(Rewritten, list.Digests, "its inode changed "+day(written.Change)+", after that of the list of the package's files of "+day(unpacked.Change))
	}
}

// readOverrides reads lines "user group mode path".
func (d *dpkgLoader) readOverrides(ctx context.Context) {
	d.overrides, d.overridden = map[string]File{}, map[string]bool{}
	err := d.Lines(ctx, dpkgOverrides, func(n int, line string) error {
		f, ok := parseOverride(line)
		if !ok || len(d.overrides) > maxOverrides {
			d.Problem(dpkgOverrides, binread.Corrupt("line %d is no user, group, mode and path: %.60q", n, line))
			return nil
		}
		f.Source = Source{dpkgOverrides, n}
		d.overrides[d.Resolve(f.Path)], d.overridden[path.Base(f.Path)] = f, true
		return nil
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		d.Problem(dpkgOverrides, err)
	}
}

const maxOverrides = 100_000

func parseOverride(line string) (f File, ok bool) {
	user, rest, _ := strings.Cut(line, " ")
	group, rest, _ := strings.Cut(rest, " ")
	octal, file, _ := strings.Cut(rest, " ")
	mode, err := strconv.ParseUint(octal, 8, 12)
	if err != nil || user == "" || group == "" || !strings.HasPrefix(file, "/") {
		return f, false
	}
	perm := uint32(mode)
	f = File{Path: file, Mode: &perm, Override: true}
	if f.UID, err = numbered(user); f.UID == nil {
		f.User = user
	}
	gid, gidErr := numbered(group)
	if f.GID = gid; gid == nil {
		f.Group = group
	}
	return f, err == nil && gidErr == nil
}

// numbered reads "#1000", which stands for a number; a name is nil.
func numbered(s string) (*uint32, error) {
	digits, ok := strings.CutPrefix(s, "#")
	if !ok {
		return nil, nil
	}
	n, err := strconv.ParseUint(digits, 10, 32)
	id := uint32(n)
	return &id, err
}

func (d *dpkgLoader) override(f *File) {
	if !d.overridden[path.Base(f.Path)] {
		return
	}
	if o, ok := d.overrides[d.Resolve(f.Path)]; ok {
		f.Mode, f.UID, f.GID, f.User, f.Group, f.Override = o.Mode, o.UID, o.GID, o.User, o.Group, true
	}
}
