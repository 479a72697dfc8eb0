// Package shipped tells what the packages of a guest shipped: the digest, mode and owner of each of their files, by the databases
// of dpkg, rpm, apk and pacman.
//
// The databases lie in the guest, where an attacker can write: a file that agrees with them is as shipped only as far as they are to
// be believed. What makes a change of them show is among the weaknesses.
package shipped

import (
	"context"
	"crypto"
	_ "crypto/md5"    // the digests that package managers keep
	_ "crypto/sha1"   //
	_ "crypto/sha256" //
	_ "crypto/sha3"   //
	_ "crypto/sha512" //
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"time"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/guest"
	"github.com/guestctl/guestctl/engine/owners"
	"github.com/guestctl/guestctl/finding"
)

// Index is what the packages of a guest shipped. It is safe for concurrent use.
type Index struct {
	// Managers are those of which a database was read: "dpkg", "rpm", "apk", "pacman".
	Managers []string
	// Problems are what could not be read, or is not to be believed: a file may be of a package all the same, or other than the
	// index says.
	Problems []owners.Problem
	// Weaknesses are signs that a database was changed by something other than its manager, or could be without a trace.
	Weaknesses []Weakness

	records  []record // by path
	digests  []byte
	more     []more
	unpacked map[string]*Times // by package
	names    []string          // of packages, databases, users and groups; the first is ""
}

// Times are those of the inode of a list of files.
type Times struct{ Modify, Change time.Time }

// Weakness is something in a database that makes it less to be believed.
type Weakness struct {
	Kind WeaknessKind
	Path string // of the database, or of its part
	Text string
}

// WeaknessKind tells weaknesses apart.
type WeaknessKind string

// The weaknesses.
const (
	// NoDigests: a package has files and no digests.
	NoDigests WeaknessKind = "no_digests"
	// Rewritten: digests were written after their package was installed.
	Rewritten WeaknessKind = "rewritten"
	// Contradicted: two parts of the database, or two packages, say different things of one file.
	Contradicted WeaknessKind = "contradicted"
)

// Load reads the package databases of the guest. The error is that of the context, or one of kind binread.ErrLimit; everything else
// is among the problems.
func Load(ctx context.Context, g *guest.Guest) (*Index, error) {
	l := newLoader(g)
	for _, m := range []struct {
		name string
		load func(context.Context, *loader) (found bool, err error)
	}{
		{"dpkg", dpkg}, {"rpm", rpm}, {"apk", apk}, {"pacman", pacman},
	} {
		l.manager = m.name
		found, err := m.load(ctx, l)
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if errors.Is(err, binread.ErrLimit) {
			return nil, fmt.Errorf("files of packages (%s): %w", m.name, err)
		}
		if err != nil {
			l.Problem("", err)
		}
		if found {
			l.index.Managers = append(l.index.Managers, m.name)
		}
	}
	return l.finish(), nil
}

// Len is how many files the databases name. A file that several packages share counts for each of them.
func (x *Index) Len() int { return len(x.records) }

// Files are all files in the order of their paths, and those of one path in the order of the databases.
func (x *Index) Files() iter.Seq[File] {
	return func(yield func(File) bool) {
		for i := range x.records {
			if !yield(x.file(&x.records[i])) {
				return
			}
		}
	}
}

// File returns what the first package that says something of the content of the file at path says of it, or, where none does, the
// first that owns it. The path must be without links, as guest.Object.Path is. What it returns is not to be changed.
func (x *Index) File(path string) (*File, bool) {
	all := x.of(path)
	if len(all) == 0 {
		return nil, false
	}
	i := max(0, slices.IndexFunc(all, func(r record) bool { return r.hash != 0 }))
	f := x.file(&all[i])
	return &f, true
}

// Span returns the places in Files of what is said of path: those from from, and before to.
func (x *Index) Span(path string) (from, to int) {
	from = x.search(path)
	return from, from + len(x.at(from, path))
}

// At returns the i-th of Files.
func (x *Index) At(i int) File { return x.file(&x.records[i]) }

// Hash is the kind of digest that the packages have of the file at path, or 0.
func (x *Index) Hash(path string) crypto.Hash {
	for _, r := range x.of(path) {
		if r.hash != 0 {
			return r.algorithm()
		}
	}
	return 0
}

// Unpacked returns when the database last wrote the list of files of a package, or nil where it keeps no such time.
func (x *Index) Unpacked(pkg string) *Times { return x.unpacked[pkg] }

// Owner returns the package that owns the path, the first of several, or "".
func (x *Index) Owner(path string) string {
	if all := x.of(path); len(all) > 0 {
		return x.names[all[0].pkg]
	}
	return ""
}

// Owners returns the packages that own the path.
func (x *Index) Owners(path string) []string {
	var names []string
	for _, r := range x.of(path) {
		if name := x.names[r.pkg]; !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// Holds reports whether a package owns something below the directory at path.
func (x *Index) Holds(path string) bool {
	if path == "/" {
		return len(x.records) > 0
	}
	i := x.search(path + "/")
	return i < len(x.records) && len(x.records[i].path) > len(path) && x.records[i].path[:len(path)+1] == path+"/"
}

// State says which package owns the regular file at path, which must be without links, and whether its content is as that package
// shipped it. sum is asked for each digest of the file at most once.
func (x *Index) State(path string, sum func(crypto.Hash) ([]byte, error)) (pkg string, state finding.Shipped) {
	all := x.of(path)
	if len(all) == 0 {
		if len(x.Managers) == 0 || len(x.Problems) > 0 {
			return "", finding.ShippedUnknown
		}
		return "", finding.NotPackaged
	}
	pkg, state = x.names[all[0].pkg], finding.NotVerifiable
	var asked crypto.Hash
	var got []byte
	for i := range all {
		r := &all[i]
		switch {
		case r.typ != 0 && r.typ != typeRegular:
			state = finding.Modified
		case r.hash == 0 || r.is&generated != 0:
		default:
			if h := r.algorithm(); h != asked {
				var err error
				if got, err = sum(h); err != nil {
					return pkg, finding.ShippedUnknown
				}
				asked = h
			}
			if agrees(got, x.digest(r)) {
				return x.names[r.pkg], finding.AsShipped
			}
			if r.is&varies == 0 {
				state = finding.Modified
			}
		}
	}
	return pkg, state
}

// Sum is the digest of the content of a regular file.
func Sum(o guest.Object, h crypto.Hash) ([]byte, error) {
	f, err := o.Open()
	if err != nil {
		return nil, err
	}
	d := h.New()
	if _, err := io.Copy(d, io.NewSectionReader(f, 0, f.Size())); err != nil {
		return nil, err
	}
	return d.Sum(nil), nil
}
