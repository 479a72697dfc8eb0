package scanner

import (
	"context"
	"crypto"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/guest"
	"github.com/guestctl/guestctl/finding"
)

// worker looks into one file at a time.
type worker struct {
	*scan
	memory   *Memory
	sessions []Session // of scan.Engines
}

// work looks into the files that are sent. An error is one of an engine that cannot work, and ends the scan.
func (s *scan) work(ctx context.Context, files <-chan guest.Object) (err error) {
	memory, err := NewMemory()
	if err != nil {
		return err
	}
	memory.turn = &s.large
	w := &worker{scan: s, memory: memory}
	defer func() {
		for _, session := range w.sessions {
			err = errors.Join(err, session.Close())
		}
		err = errors.Join(err, memory.Close())
	}()
	for _, e := range s.Engines {
		session, err := e.Open(ctx, memory)
		if err != nil {
			return fmt.Errorf("%s: %w", e.Describe().Name, err)
		}
		w.sessions = append(w.sessions, session)
	}
	for file := range files {
		if ctx.Err() != nil {
			continue // the walk ends, too; what it has sent is to be received
		}
		if err := errors.Join(w.file(ctx, file), w.memory.Shrink()); err != nil {
			return err
		}
		if s.Progress != nil {
			s.Progress(file.Size)
		}
	}
	return nil
}

// file looks into one file of the guest.
func (w *worker) file(ctx context.Context, file guest.Object) error {
	o := &Object{Object: file, Account: w.account(file.UID), scan: w.scan}
	origin, traced := w.origin(file)
	if !traced || !w.known(o, origin) {
		if !w.read(o) {
			return nil
		}
		o.classify()
	}
	w.wanted(o)
	if w.harmless(o) {
		w.leave(o, origin, traced)
		return nil
	}
	key, keeps := w.key(o)
	v, cached := w.kept(key, keeps)
	if !cached {
		if !o.loaded && !w.read(o) {
			return nil
		}
		var err error
		if v, err = w.look(ctx, o); err != nil {
			return err
		}
		w.keep(key, keeps, v)
	}
	w.tell(o, v, cached)
	w.leave(o, origin, traced)
	return nil
}

// leave is what is done at the end of each file.
func (w *worker) leave(o *Object, origin [32]byte, traced bool) {
	if traced && o.loaded && o.whole {
		w.learn(o, origin)
	}
}

func (w *worker) account(uid uint32) string {
	if name, ok := w.Accounts[uid]; ok {
		return name
	}
	return strconv.FormatUint(uint64(uid), 10)
}

// read reads the content of a file into memory. What cannot be read is a record; content that comes with a wrong checksum is a record and is
// looked into.
func (w *worker) read(o *Object) bool {
	f, err := o.Open()
	if f == nil {
		w.record(Unscanned{Path: o.Path, Reason: Unreadable, Detail: causeOf(err)})
		return false
	}
	o.whole = err == nil
	if _, tainted := guest.TaintOf(err); err != nil && !tainted {
		w.record(Unscanned{Path: o.Path, Reason: reasonOf(err), Detail: causeOf(err)})
	}
	content, err := w.memory.Grow(0, int(f.Size()))
	if err != nil {
		w.record(Unscanned{Path: o.Path, Reason: Unreadable, Detail: err.Error()})
		return false
	}
	if err := binread.Fill(f, content, 0); err != nil {
		w.record(Unscanned{Path: o.Path, Reason: reasonOf(err), Detail: causeOf(err)})
		if believed(err) {
			return false
		}
		o.whole = false
	}
	o.Content, o.loaded = content, true
	return true
}

// believed tells an error that comes in the place of a value from one that comes with it.
func believed(err error) bool { return !errors.Is(err, binread.ErrChecksum) }

// wanted keeps the digest of a file that the caller asked for.
func (w *worker) wanted(o *Object) {
	if w.Sums == nil {
		return
	}
	h := w.Sums(o.Path)
	if h == 0 || o.sums[h] == nil && !o.loaded && !w.read(o) {
		return
	}
	// The digest of what a checksum contradicts proves nothing about the file.
	if sum := o.Sum(h); o.whole || !o.loaded {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.result.Sums[o.Path] = sum
	}
}

// harmless reports whether a file need not be looked into, and counts it.
func (w *worker) harmless(o *Object) bool {
	count := func(n *int) bool {
		w.mu.Lock()
		defer w.mu.Unlock()
		*n++
		return true
	}
	switch {
	case len(w.Allowed) > 0 && w.Allowed[o.SHA256()]:
		return count(&w.result.Stats.Allowed)
	case w.KnownGood != nil && (o.loaded || w.read(o)) && w.KnownGood(o):
		return count(&w.result.Stats.KnownGood)
	}
	if w.Fast {
		if _, state := o.Shipped(); state == finding.AsShipped {
			return count(&w.result.Stats.KnownGood)
		}
	}
	return false
}

// tell adds what was found in a file to the result.
func (w *worker) tell(o *Object, v verdict, cached bool) {
	for _, found := range v.Found {
		if hit, counts := w.hit(o, found); counts {
			w.mu.Lock()
			many := len(w.result.Hits) >= maxRecords
			if !many {
				w.result.Hits = append(w.result.Hits, hit)
			}
			w.mu.Unlock()
			if many {
				w.record(Unscanned{Path: o.Path, Member: found.Member, Engine: hit.Match.Engine, Reason: LimitReached, Detail: "matches, with too many before it to be told"})
			}
		}
	}
	for _, u := range v.Unscanned {
		u.Path = o.Path
		w.record(u)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.result.Stats.Members += v.Members
	if cached {
		w.result.Stats.Cached++
	} else {
		w.result.Stats.Scanned++
	}
}

// hit is a match with its file, unless it does not count for that file.
func (w *worker) hit(o *Object, f found) (Hit, bool) {
	if w.Allowed[f.SHA256] {
		return Hit{}, false
	}
	pkg, state := o.Shipped()
	if f.Match.UnlessShipped && state == finding.AsShipped {
		return Hit{}, false
	}
	m := f.Match.Match
	if f.Match.Unowned > 0 && state == finding.NotPackaged && inSystem(o.Path) {
		m.Score, m.Severity = f.Match.Unowned, finding.Scored(f.Match.Unowned)
	}
	return Hit{finding.File{
		Path: o.Path, Member: f.Member, SHA256: f.SHA256, Size: f.Size, Class: string(f.Class),
		Inode: uint64(o.Node), Modified: o.Modify.UTC(), Mode: fmt.Sprintf("%04o", o.Mode&0o7777), UID: o.UID, GID: o.GID,
		Package: pkg, Shipped: state,
	}, m}, true
}

// inSystem reports whether a path lies where only packages put programs and libraries.
func inSystem(path string) bool {
	for _, dir := range []string{"/bin/", "/sbin/", "/lib/", "/lib32/", "/lib64/", "/libx32/", "/usr/bin/", "/usr/sbin/", "/usr/lib/", "/usr/lib32/", "/usr/lib64/", "/usr/libexec/"} {
		if strings.HasPrefix(path, dir) {
			return true
		}
	}
	return false
}

// sum is the SHA-256 of the object as an array, for keys.
func (o *Object) sum() (sum [32]byte) {
	copy(sum[:], o.Sum(crypto.SHA256))
	return sum
}
