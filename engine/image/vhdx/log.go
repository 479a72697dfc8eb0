package vhdx

import (
	"fmt"

	"github.com/guestctl/guestctl/engine/binread"
)

const (
	logSector     = 4 * kib
	entryHeader   = 64
	descriptorLen = 32
	maxLog        = 64 * mib
	maxChecked    = 4 * maxLog // bytes of entries whose checksum is looked at
	maxUpdates    = 1 << 14    // that a log replays
	maxFile       = 2 * maxDisk
)

// ring is a log: entries of whole sectors, which go on at the start when they reach the end.
type ring struct {
	b       []byte
	guid    binread.GUID
	entries map[int64]*logEntry // that were looked at, by their offset; nil: there is none
	checked int64
	begun   bool // there is the header of an entry of this log
}

// logEntry is an entry of a log that is whole.
type logEntry struct {
	off, n      int64 // in the log
	tail        int64 // Tail: where the oldest entry is whose updates may not have been written
	sequence    uint64
	flushed     uint64 // FlushedFileOffset
	last        uint64 // LastFileOffset
	descriptors []byte
	data        []byte // sectors
}

// replay reads the log, if there is one, and puts what it writes over the file.
func (m *Image) replay() error {
	h := m.head
	if !h.dirty() {
		return nil
	}
	if h.logLen == 0 || h.logOff > m.file.size || h.logLen > m.file.size-h.logOff {
		return binread.Corrupt("header at %#x: log of %#x bytes at %#x, want it inside of a file of %d bytes", h.off, h.logLen, h.logOff, m.file.size)
	}
	b, err := binread.ReadAt(m.file, h.logOff, h.logLen, maxLog)
	if err != nil {
		return fmt.Errorf("log: %w", err)
	}
	log := &ring{b: b, guid: h.logGUID, entries: map[int64]*logEntry{}}
	active, err := log.active()
	switch {
	case err != nil:
		return fmt.Errorf("log at %#x: %w", h.logOff, err)
	case len(active) == 0 && log.begun:
		return binread.WithHint(binread.Corrupt("log at %#x: no sequence of entries is whole: updates of the tables may be lost", h.logOff),
			"open the disk once with the program that wrote it, on a copy")
	case len(active) == 0:
		m.problem("the log is in use and has no entries: the image was not closed")
		return nil
	}
	head := active[len(active)-1]
	if head.flushed > uint64(m.file.size) {
		return binread.Corrupt("log at %#x: the file had at least %d bytes, and has %d: it was cut off", h.logOff, head.flushed, m.file.size)
	}
	o, err := newOverlay(m.file, h, active)
	if err != nil {
		return fmt.Errorf("log at %#x: %w", h.logOff, err)
	}
	m.problem("the image was not closed: %d updates of its log are replayed in memory", o.updates)
	m.file = file{o, o.size}
	return nil
}

// active returns the entries of the newest sequence that is whole, the oldest first: those whose updates may not have been written.
func (l *ring) active() ([]*logEntry, error) {
	var newest []*logEntry
	size := int64(len(l.b))
	for tail := int64(0); tail < size; {
		sequence, err := l.sequence(tail)
		if err != nil {
			return nil, err
		}
		next := tail + logSector
		if len(sequence) > 0 {
			head := sequence[len(sequence)-1]
			if from := indexOf(sequence, head.tail); from >= 0 {
				if len(newest) == 0 || head.sequence > newest[len(newest)-1].sequence {
					newest = sequence[from:]
				}
				next = (head.off + head.n) % size
			}
		}
		if next <= tail {
			break // all of it was looked at
		}
		tail = next
	}
	return newest, nil
}

func indexOf(sequence []*logEntry, off int64) int {
	for i, e := range sequence {
		if e.off == off {
			return i
		}
	}
	return -1
}

// sequence returns the entries that follow one another from off on.
func (l *ring) sequence(off int64) ([]*logEntry, error) {
	var all []*logEntry
	used := int64(0)
	for {
		e, err := l.entry(off)
		if err != nil {
			return nil, err
		}
		if e == nil || len(all) > 0 && e.sequence != all[len(all)-1].sequence+1 {
			return all, nil
		}
		if used += e.n; used > int64(len(l.b)) {
			return all, nil
		}
		all = append(all, e)
		off = (off + e.n) % int64(len(l.b))
	}
}

// entry returns the entry at off, or nil where none is whole.
func (l *ring) entry(off int64) (*logEntry, error) {
	if e, ok := l.entries[off]; ok {
		return e, nil
	}
	e, err := l.decode(off)
	l.entries[off] = e
	return e, err
}

// bytes returns n bytes of the ring at off.
func (l *ring) bytes(off, n int64) []byte {
	if n <= int64(len(l.b))-off {
		return l.b[off : off+n]
	}
	b := make([]byte, 0, n)
	b = append(b, l.b[off:]...)
	return append(b, l.b[:n-int64(len(b))]...)
}

func (l *ring) decode(off int64) (*logEntry, error) {
	c := binread.Little(l.b[off : off+logSector])
	magic := string(c.Bytes(4))
	c.Skip(4)
	e := &logEntry{off: off, n: int64(c.U32()), tail: int64(c.U32()), sequence: c.U64()}
	count := int64(c.U32())
	c.Skip(4)
	guid := c.GUID()
	e.flushed, e.last = c.U64(), c.U64()
	if magic != "loge" || guid != l.guid {
		return nil, nil //nolint:nilnil // that there is none is no error
	}
	l.begun = true
	size := int64(len(l.b))
	head := (entryHeader + count*descriptorLen + logSector - 1) &^ (logSector - 1)
	if e.n%logSector != 0 || e.n > size || head > e.n || e.tail%logSector != 0 || e.tail >= size || e.sequence == 0 {
		return nil, nil //nolint:nilnil // as above
	}
	if l.checked += e.n; l.checked > maxChecked {
		return nil, binread.Limit("entries of more than %d bytes", maxChecked)
	}
	b := l.bytes(off, e.n)
	if stored, want := checksum(b); stored != want {
		return nil, nil //nolint:nilnil // as above: it was torn, or lies below another
	}
	e.descriptors, e.data = b[entryHeader:entryHeader+count*descriptorLen], b[head:]
	if !e.isWhole() {
		return nil, nil //nolint:nilnil // as above
	}
	return e, nil
}

// isWhole reports whether all descriptors and sectors of data are of this entry.
func (e *logEntry) isWhole() bool {
	sectors := 0
	for c := binread.Little(e.descriptors); c.Len() > 0; {
		d := decodeDescriptor(&c)
		if d.sequence != e.sequence || !d.zero && !d.isData || d.off%logSector != 0 || d.n%logSector != 0 {
			return false
		}
		if d.zero {
			continue
		}
		if sectors++; sectors*logSector > len(e.data) {
			return false
		}
		s := binread.Little(e.data[(sectors-1)*logSector : sectors*logSector])
		magic, high, low := string(s.Bytes(4)), s.U32(), s.At(logSector-4).U32()
		if magic != "data" || uint64(high)<<32|uint64(low) != e.sequence {
			return false
		}
	}
	return sectors*logSector == len(e.data)
}

// descriptor is a write of a log entry.
type descriptor struct {
	zero, isData bool
	trailing     []byte // of data: the last four bytes of the sector, and the first eight
	leading      []byte
	off, n       uint64 // in the file
	sequence     uint64
}

func decodeDescriptor(c *binread.Cursor) descriptor {
	magic := string(c.Bytes(4))
	d := descriptor{zero: magic == "zero", isData: magic == "desc", trailing: c.Bytes(4)}
	if d.n = logSector; d.zero {
		d.n = c.U64()
	} else {
		d.leading = c.Bytes(8)
	}
	d.off, d.sequence = c.U64(), c.U64()
	return d
}
