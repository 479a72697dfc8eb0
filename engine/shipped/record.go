package shipped

import (
	"cmp"
	"crypto"
	"math"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/guest"
	"github.com/guestctl/guestctl/engine/owners"
)

// S_IFREG, S_IFDIR, S_IFLNK and S_IFMT of inode(7), and what is not of the type.
const (
	typeRegular   = 0o100000
	typeDirectory = 0o040000
	typeLink      = 0o120000
	typeBits      = 0o170000
	modeBits      = 0o7777
)

// record is a File in little space: there may be millions of them.
type record struct {
	path        string
	size        int64
	digest      uint32 // offset in Index.digests
	more        uint32 // index in Index.more
	pkg, source uint32 // indices in Index.names, like user and group
	user, group uint32
	line        uint32
	typ, mode   uint32
	uid, gid    uint32
	is          traits
	manager     uint8
	hash        uint8 // crypto.Hash; 0 for none
	length      uint8 // of the digest
}

// more is what few files have.
type more struct{ target, capabilities *string }

// noCapabilities is the index in Index.more of what many files have.
const noCapabilities = 1

type traits uint16

const (
	config traits = 1 << iota
	generated
	optional
	override
	hasMode
	hasUID
	hasGID
	hasSize
	varies
)

func (t traits) and(more traits, when bool) traits {
	if when {
		return t | more
	}
	return t
}

func (r *record) algorithm() crypto.Hash { return crypto.Hash(r.hash) }

// of returns the records of a path.
func (x *Index) of(path string) []record { return x.at(x.search(path), path) }

// at returns the records of a path, of which the first is the one at from.
func (x *Index) at(from int, path string) []record {
	to := from
	for to < len(x.records) && x.records[to].path == path {
		to++
	}
	return x.records[from:to]
}

// search returns the index of the first record that is not before path.
func (x *Index) search(path string) int {
	i, _ := slices.BinarySearchFunc(x.records, path, func(r record, path string) int { return strings.Compare(r.path, path) })
	return i
}

func (x *Index) digest(r *record) []byte {
	if r.hash == 0 {
		return nil
	}
	end := int(r.digest) + int(r.length)
	return x.digests[r.digest:end:end]
}

func (x *Index) file(r *record) File {
	f := File{
		Path: r.path, Package: x.names[r.pkg], Manager: x.Managers[r.manager], Type: r.typ,
		User: x.names[r.user], Group: x.names[r.group], Hash: r.algorithm(), Digest: x.digest(r),
		Target: x.more[r.more].target, Capabilities: x.more[r.more].capabilities,
		Config: r.is&config != 0, Generated: r.is&generated != 0, Optional: r.is&optional != 0, Override: r.is&override != 0, Varies: r.is&varies != 0,
		Source: Source{x.names[r.source], int(r.line)},
	}
	f.Mode, f.UID, f.GID = known(&r.mode, r.is&hasMode), known(&r.uid, r.is&hasUID), known(&r.gid, r.is&hasGID)
	f.Size = known(&r.size, r.is&hasSize)
	return f
}

func known[T any](v *T, has traits) *T {
	if has == 0 {
		return nil
	}
	return v
}

// loader gathers what the databases of package managers say.
type loader struct {
	owners.Lists
	index   *Index
	manager string // whose database is read
	names   map[string]uint32
}

func newLoader(g *guest.Guest) *loader {
	return &loader{Lists: owners.NewLists(g), index: &Index{names: []string{""}, unpacked: map[string]*Times{}, more: []more{{}, {capabilities: new("")}}}, names: map[string]uint32{"": 0}}
}

// maxWeaknesses are told of one guest.
const maxWeaknesses = 1000

func (l *loader) weakness(kind WeaknessKind, path, text string) {
	if len(l.index.Weaknesses) < maxWeaknesses {
		l.index.Weaknesses = append(l.index.Weaknesses, Weakness{kind, path, text})
	}
}

// name returns the index of a name that many files share.
func (l *loader) name(s string) uint32 {
	i, ok := l.names[s]
	if !ok {
		i = uint32(len(l.index.names)) // each is of a file or list, which are counted
		s = strings.Clone(s)
		l.index.names = append(l.index.names, s)
		l.names[s] = i
	}
	return i
}

// add adds a file, whose path is as the database names it and whose manager is the one at work. A digest of the wrong length is a
// problem, and the file is added without it. The error is of kind binread.ErrLimit.
func (l *loader) add(f File) error {
	if err := l.Count(); err != nil {
		return err
	}
	if strings.Contains(f.Path, "/../") || strings.HasSuffix(f.Path, "/..") {
		l.Problem(f.Source.Path, binread.Corrupt("line %d: path %q leads upwards", f.Source.Line, f.Path))
	}
	r := record{
		path: l.Resolve(f.Path), pkg: l.name(f.Package), source: l.name(f.Source.Path), user: l.name(f.User), group: l.name(f.Group),
		line: uint32(min(max(f.Source.Line, 0), math.MaxUint32)), typ: f.Type, manager: uint8(len(l.index.Managers)),
	}
	r.is = r.is.and(config, f.Config).and(generated, f.Generated).and(optional, f.Optional).and(override, f.Override).and(varies, f.Varies)
	take(&r, &r.mode, f.Mode, hasMode)
	take(&r, &r.uid, f.UID, hasUID)
	take(&r, &r.gid, f.GID, hasGID)
	take(&r, &r.size, f.Size, hasSize)
	switch {
	case f.Target == nil && f.Capabilities != nil && *f.Capabilities == "":
		r.more = noCapabilities
	case f.Target != nil || f.Capabilities != nil:
		r.more = uint32(len(l.index.more))
		l.index.more = append(l.index.more, more{f.Target, f.Capabilities})
	}
	if f.Hash != 0 {
		if n := len(f.Digest); n == f.Hash.Size() || n == shortDigest && f.Hash == crypto.SHA256 {
			r.hash, r.digest, r.length = uint8(f.Hash), uint32(len(l.index.digests)), uint8(n)
			l.index.digests = append(l.index.digests, f.Digest...)
		} else {
			l.Problem(f.Source.Path, binread.Corrupt("line %d: digest of %d bytes, want %d", f.Source.Line, len(f.Digest), f.Hash.Size()))
		}
	}
	l.index.records = append(l.index.records, r)
	return nil
}

func take[T any](r *record, to, from *T, has traits) {
	if from != nil {
		*to = *from
		r.is |= has
	}
}

// finish puts the files in order. Files of two packages with different content and one path cannot both be as shipped.
func (l *loader) finish() *Index {
	x := l.index
	slices.SortStableFunc(x.records, func(a, b record) int { return cmp.Compare(a.path, b.path) })
	x.records = slices.Clip(x.records)
	for i := 1; i < len(x.records); i++ {
		a, b := &x.records[i-1], &x.records[i]
		if a.path == b.path && a.hash != 0 && a.hash == b.hash && string(x.digest(a)) != string(x.digest(b)) {
			l.weakness(Contradicted, x.names[b.source], "packages "+x.names[a.pkg]+" and "+x.names[b.pkg]+" have different digests of "+a.path)
		}
	}
	x.Problems = l.Problems
	return x
}
