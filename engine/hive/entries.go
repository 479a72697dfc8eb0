package hive

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/guestctl/guestctl/engine/binread"
)

const (
	entrySize = 40 // bytes of a log entry before its references to pages
	pageRef   = 8
	scanned   = 1 << 20 // bytes of a log that are searched at once
)

// logEntry is an entry of a log in the format of Windows 8.1 and later: pages that belong together.
type logEntry struct {
	seq   uint32
	bins  int64 // bytes of the hive bins when it was written
	n     int64 // bytes of the entry, up to where the next begins
	pages []logPage
}

type logPage struct {
	off int64 // of the hive bins
	b   []byte
}

// run are the entries of one log that follow each other.
type run struct {
	log     openLog
	entries []logEntry
	broken  error // what follows is damaged, and was no torn last entry
}

func (r run) first() uint32 { return r.entries[0].seq }

func (r run) last() uint32 { return r.entries[len(r.entries)-1].seq }

// replayEntries applies the entries that the hive lacks, in the order of their numbers, whichever log they are in. The last one that was
// torn when the machine stopped is left out, as Windows does. It is errNothing where no log has such an entry.
func (h *Hive) replayEntries(found base, whole bool, logs []openLog) (base, error) {
	var runs []run
	for _, l := range logs {
		if l.base.kind != newLog {
			continue
		}
		r := l.run()
		if whole {
			r.entries = slices.DeleteFunc(r.entries, func(e logEntry) bool { return e.seq < found.secondary })
		}
		if len(r.entries) > 0 || r.broken != nil {
			runs = append(runs, r)
		}
	}
	holding := slices.DeleteFunc(slices.Clone(runs), func(r run) bool { return len(r.entries) == 0 })
	var wrong binread.Errors
	for _, r := range runs {
		wrong.Add(r.broken)
	}
	switch err := wrong.Err(); {
	case len(holding) == 0 && err != nil:
		return base{}, fmt.Errorf("%w: %w", errNothing, err)
	case len(holding) == 0:
		return base{}, errNothing
	}
	slices.SortStableFunc(holding, func(a, b run) int { return cmp.Compare(a.first(), b.first()) })
	if !whole {
		found = holding[0].log.base
		found.secondary = holding[0].first()
	}
	after, err := h.apply(found, holding)
	wrong.Add(err)
	return after, wrong.Err()
}

// apply puts the pages of the runs over the hive, as long as each goes on where the one before ended.
func (h *Hive) apply(found base, runs []run) (base, error) {
	// A hive may begin later than it lacks: Windows writes what is in the older log without telling so when it begins that log anew. Then
	// the newer one goes on where the older ends.
	if first := runs[0].first(); first != found.secondary && len(runs) < 2 {
		h.taint(binread.Corrupt("%s: begins with entry %d, want %d", runs[0].log.Name, first, found.secondary))
	}
	next := runs[0].first()
	for _, r := range runs {
		if r.first() != next {
			return found, binread.Corrupt("%s: begins with entry %d, want %d", r.log.Name, r.first(), next)
		}
		for _, e := range r.entries {
			for _, p := range e.pages {
				h.source.over.put(baseSize+p.off, p.b)
			}
			found.size = e.bins
		}
		next = r.last() + 1
	}
	return found, nil
}

// run reads the entries of a log from the first on, as long as they are whole and follow each other. What follows may be of an earlier use.
func (l openLog) run() run {
	r := run{log: l}
	for off := int64(sector); l.Size-off >= entrySize; {
		e, err := l.entry(off)
		if err != nil {
			if behind := l.goesOn(off, r); behind != nil {
				r.broken = fmt.Errorf("%s: entry at %#x: %w; %w", l.Name, off, err, behind)
			}
			return r
		}
		if n := len(r.entries); n > 0 && e.seq != r.last()+1 {
			if e.seq > r.last() {
				r.broken = binread.Corrupt("%s: entry at %#x: number %d, want %d", l.Name, off, e.seq, r.last()+1)
			}
			return r
		}
		r.entries = append(r.entries, e)
		off += e.n
	}
	return r
}

// goesOn looks for an entry behind the damage at off that is newer than those before it, and says where it is: then the damage is not
// the end of the log. It is nil where there is none.
func (l openLog) goesOn(off int64, r run) error {
	newest := l.base.secondary
	if len(r.entries) > 0 {
		newest = r.last() + 1
	}
	for at := off + sector; l.Size-at >= sector; at += scanned {
		b, err := binread.ReadAt(l, at, min(scanned, (l.Size-at)/sector*sector), scanned)
		if err != nil {
			return err
		}
		for i := 0; i < len(b); i += sector {
			if e, err := decodeHeader(b[i : i+entrySize]); err == nil && e.seq >= newest {
				return binread.Corrupt("entries go on at %#x", at+int64(i))
			}
		}
	}
	return nil
}

// header reads the header of the entry at off. Its pages are not read.
func (l openLog) header(off int64) (logEntry, error) {
	b, err := binread.ReadAt(l, off, entrySize, entrySize)
	if err != nil {
		return logEntry{}, err
	}
	return decodeHeader(b)
}

// decodeHeader decodes the header of an entry, which its second hash covers.
func decodeHeader(b []byte) (logEntry, error) {
	c := binread.Little(b)
	if string(c.Bytes(4)) != "HvLE" {
		return logEntry{}, binread.Corrupt("signature %q, want \"HvLE\"", b[:4])
	}
	e := logEntry{n: int64(c.U32())}
	e.seq, e.bins = c.At(12).U32(), int64(c.U32())
	if got, want := marvin32(marvinSeed, b[:32]), c.At(32).U64(); got != want {
		return logEntry{}, binread.Checksum("hash of the header %#x, want %#x", got, want)
	}
	switch {
	case e.n < entrySize || e.n%sector != 0:
		return logEntry{}, binread.Corrupt("%d bytes, want a multiple of %d", e.n, sector)
	case e.bins == 0 || e.bins%pageSize != 0:
		return logEntry{}, binread.Corrupt("%d bytes of hive bins, want a multiple of %d", e.bins, pageSize)
	}
	return e, nil
}

// entry reads the entry at off.
func (l openLog) entry(off int64) (logEntry, error) {
	e, err := l.header(off)
	if err != nil {
		return logEntry{}, err
	}
	b, err := binread.ReadAt(l, off, e.n, maxLog)
	if err != nil {
		return logEntry{}, err
	}
	c := binread.Little(b)
	refs := c.At(20).U32()
	if got, want := marvin32(marvinSeed, b[entrySize:]), c.U64(); got != want {
		return logEntry{}, binread.Checksum("hash %#x, want %#x", got, want)
	}
	if int64(refs) > (e.n-entrySize)/pageRef {
		return logEntry{}, binread.Corrupt("%d pages in %d bytes", refs, e.n)
	}
	c.At(entrySize)
	pages := binread.Little(b)
	pages.At(entrySize + int(refs)*pageRef)
	for range refs {
		p, n := int64(c.U32()), int64(c.U32())
		if p%sector != 0 || n%sector != 0 || n > e.bins || p > e.bins-n {
			return logEntry{}, binread.Corrupt("page of %#x bytes at %#x of %#x bytes of hive bins", n, p, e.bins)
		}
		e.pages = append(e.pages, logPage{p, pages.Bytes(int(n))})
	}
	return e, pages.Err()
}
