package packages

import (
	"crypto"
	"encoding/hex"
	"fmt"
	"hash"
	"strconv"
	"strings"
	"time"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/capability"
	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/engine/filesys"
	"github.com/guestctl/guestctl/engine/shipped"
)

const (
	modeDir     = filesys.ModeDir
	modeType    = filesys.ModeType
	modeRegular = filesys.ModeRegular
	modeLink    = filesys.ModeSymlink

	permissions = 0o7777
	readBuffer  = 256 << 10 // bytes
)

// worker judges one object at a time.
type worker struct {
	*verifier
	stats  Stats
	buf    []byte
	hashes map[crypto.Hash]hash.Hash
}

// judge holds an object against all that packages say of it. Where several own it, one that agrees is enough.
func (w *worker) judge(t task) {
	w.stats.Files++
	first := w.Packages.At(t.from)
	role := roleOf(t.Path, t.Mode, first.Config)
	if !w.typed(t, role) || t.IsRegular() && !w.content(t, role) {
		return
	}
	if t.Mode&modeType == modeLink {
		w.target(t, role)
		return // the mode of a link means nothing
	}
	w.permissions(t, role)
	w.capabilities(t, role)
}

// agrees reports whether what any package says holds, or none says anything; of those that do not hold it returns the first.
func (w *worker) agrees(t task, says, holds func(f *shipped.File) bool) (wrong shipped.File, ok bool) {
	found := false
	for i := t.from; i < t.to; i++ {
		f := w.Packages.At(i)
		if !says(&f) {
			continue
		}
		if holds(&f) {
			return f, true
		}
		if !found {
			wrong, found = f, true
		}
	}
	return wrong, !found
}

// typed judges the type. A directory may have become a link to a directory that packages own, as /bin did.
func (w *worker) typed(t task, role Role) bool {
	f, ok := w.agrees(t, func(f *shipped.File) bool { return f.Type != 0 }, func(f *shipped.File) bool {
		return f.Type == t.Mode&modeType || f.Type == modeDir && t.IsSymlink() && w.leadsToOwned(t.Path)
	})
	if ok || role == Config && w.AllowConfig {
		return ok
	}
	actual := filesys.TypeName(t.Mode)
	if t.IsSymlink() {
		if target, err := t.ReadLink(); err == nil {
			actual = "symlink to " + target
		}
	}
	if f.Type == modeRegular { // what it stands in for is told by its place alone
		role = roleOf(t.Path, 0, f.Config)
	}
	w.differ(Difference{
		Kind: WrongType, Role: role, File: f, Object: t.Object, Expected: filesys.TypeName(f.Type), Actual: actual,
	})
	return false
}

func (v *verifier) leadsToOwned(path string) bool {
	target, err := v.guest.Resolve(path)
	if err != nil {
		return false
	}
	from, to := v.Packages.Span(target)
	return from < to || v.Packages.Holds(target)
}

// content judges a regular file by its digest, and by its size where there is no digest.
func (w *worker) content(t task, role Role) bool {
	var asked crypto.Hash
	var got []byte
	var err error
	f, ok := w.agrees(t, func(f *shipped.File) bool { return f.Hash != 0 && !f.Generated }, func(f *shipped.File) bool {
		if f.Hash != asked && err == nil {
			got, err = w.sum(t, f.Hash)
			asked = f.Hash
		}
		return err == nil && f.Agrees(got)
	})
	switch {
	case err != nil:
		w.unread(t.Path, err)
		return false
	case asked == 0:
		return w.undigested(t, role)
	case ok:
		w.stats.Verified++
		w.stats.Bytes += t.Size
		w.written(t, f.Package, role)
		return true
	case f.Varies:
		return true
	case role == Config && w.AllowConfig:
		w.stats.Config++
		return true
	}
	kind := Modified
	if role == Config {
		kind = ConfigChanged
	}
	w.differ(Difference{
		Kind: kind, Role: role, File: f, Object: t.Object, Expected: digestText(&f, f.Digest), Actual: digestText(&f, got),
	})
	return true
}

// undigested judges a regular file of which nobody has a digest.
func (w *worker) undigested(t task, role Role) bool {
	w.stats.NoDigest++
	for i := t.from; i < t.to; i++ {
		if f := w.Packages.At(i); f.Generated || f.Config {
			return true
		}
	}
	w.differ(Difference{
		Kind: NoDigest, Role: role, File: w.Packages.At(t.from), Object: t.Object,
		Expected: "a digest in the package database", Actual: "none: nothing tells whether it is as shipped",
	})
	return true
}

// grace is how much later than its package a file is written before it is worth a word.
const grace = time.Hour

// written keeps files that agree with their digest and were written after their package was unpacked.
func (w *worker) written(t task, pkg string, role Role) {
	unpacked := w.Packages.Unpacked(pkg)
	if unpacked == nil || role == Config {
		return
	}
	if t.Modify.Sub(unpacked.Modify) > grace || t.Change.Sub(unpacked.Change) > grace {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.rewritten = append(w.rewritten, t.Path)
	}
}

// sum returns a digest of the content. Bytes that come with a wrong checksum are not hashed.
func (w *worker) sum(t task, h crypto.Hash) ([]byte, error) {
	if w.Sum != nil {
		if sum, ok := w.Sum(t.Path, h); ok {
			return sum, nil
		}
	}
	at := inode{t.Device, uint64(t.Node), h}
	if t.Links > 1 {
		w.mu.Lock()
		sum, ok := w.sums[at]
		w.mu.Unlock()
		if ok {
			return sum, nil
		}
	}
	sum, err := w.read(t, h)
	if err == nil && t.Links > 1 {
		w.mu.Lock()
		w.sums[at] = sum
		w.mu.Unlock()
	}
	return sum, err
}

func (w *worker) read(t task, h crypto.Hash) ([]byte, error) {
	f, err := t.Open()
	if err != nil {
		return nil, err
	}
	if w.buf == nil {
		w.buf, w.hashes = make([]byte, readBuffer), map[crypto.Hash]hash.Hash{}
	}
	d := w.hashes[h]
	if d == nil {
		d = h.New()
		w.hashes[h] = d
	}
	d.Reset()
	for off, size := int64(0), f.Size(); off < size; {
		part := w.buf[:min(int64(len(w.buf)), size-off)]
		if err := binread.Fill(f, part, off); err != nil {
			return nil, err
		}
		_, _ = d.Write(part) // no hash gives an error
		off += int64(len(part))
	}
	if w.Progress != nil {
		w.Progress(t.Size)
	}
	return d.Sum(nil), nil
}

// target judges where a link leads.
func (w *worker) target(t task, role Role) {
	target, err := t.ReadLink()
	if err != nil {
		w.unread(t.Path, err)
		return
	}
	says := func(f *shipped.File) bool { return (f.Target != nil || digestOfLink(f)) && !f.Generated }
	f, ok := w.agrees(t, says, func(f *shipped.File) bool {
		if f.Target != nil {
			return *f.Target == target
		}
		d := f.Hash.New()
		d.Write([]byte(target))
		return f.Agrees(d.Sum(nil))
	})
	if ok || role == Config && w.AllowConfig {
		return
	}
	expected := "what has the " + digestText(&f, f.Digest)
	if f.Target != nil {
		expected = "link to " + *f.Target
	}
	w.differ(Difference{Kind: WrongTarget, Role: role, File: f, Object: t.Object, Expected: expected, Actual: "link to " + target})
}

// digestOfLink reports whether a package says something of a path without telling whether it is a file or a link, as apk does.
func digestOfLink(f *shipped.File) bool { return f.Type == 0 && f.Hash != 0 }

func digestText(f *shipped.File, digest []byte) string {
	return strings.ToLower(strings.ReplaceAll(f.Hash.String(), "-", "")) + " " + hex.EncodeToString(digest)
}

// permissions judges mode and owner.
func (w *worker) permissions(t task, role Role) {
	f, ok := w.agrees(t, func(f *shipped.File) bool { return f.Mode != nil }, func(f *shipped.File) bool { return *f.Mode&permissions == t.Mode&permissions })
	if !ok {
		w.differ(Difference{
			Kind: WrongMode, Role: role, File: f, Object: t.Object,
			Expected: "mode " + facts.ModeText(*f.Mode), Actual: "mode " + facts.ModeText(t.Mode),
		})
	}
	says := func(f *shipped.File) bool { return f.UID != nil || f.GID != nil || f.User != "" || f.Group != "" }
	f, ok = w.agrees(t, says, func(f *shipped.File) bool {
		return w.is(f.UID, f.User, t.UID, w.Owners.User) && w.is(f.GID, f.Group, t.GID, w.Owners.Group)
	})
	if !ok {
		w.differ(Difference{
			Kind: WrongOwner, Role: role, File: f, Object: t.Object,
			Expected: "owner " + ownerText(f.UID, f.User) + ":" + ownerText(f.GID, f.Group),
			Actual:   "owner " + ownerText(&t.UID, w.Owners.User(t.UID)) + ":" + ownerText(&t.GID, w.Owners.Group(t.GID)),
		})
	}
}

// is reports whether an account is the one that a package names, by number or name. Root need not be in passwd.
func (w *worker) is(id *uint32, name string, has uint32, nameOf func(uint32) string) bool {
	switch {
	case id != nil:
		return *id == has
	case name == "" || name == "root" && has == 0:
		return true
	}
	return nameOf(has) == name
}

func ownerText(id *uint32, name string) string {
	if name != "" || id == nil {
		return name
	}
	return strconv.FormatUint(uint64(*id), 10)
}

// capabilities judges the capabilities of a program.
func (w *worker) capabilities(t task, role Role) {
	says := func(f *shipped.File) bool { return f.Capabilities != nil }
	if _, silent := w.agrees(t, says, func(*shipped.File) bool { return false }); silent {
		return
	}
	attrs, err := t.Xattrs()
	if err != nil {
		w.unread(t.Path, err)
		return
	}
	has := ""
	if b, ok := attrs[capability.Attr]; ok {
		if has, err = capability.Text(b); err != nil {
			w.unread(t.Path, fmt.Errorf("%s: %w", capability.Attr, err))
			return
		}
	}
	f, ok := w.agrees(t, says, func(f *shipped.File) bool { return *f.Capabilities == has })
	if !ok {
		w.differ(Difference{
			Kind: WrongCapabilities, Role: role, File: f, Object: t.Object,
			Expected: "capabilities " + orNone(*f.Capabilities), Actual: "capabilities " + orNone(has),
		})
	}
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}
