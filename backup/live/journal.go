package live

import (
	"bytes"
	"encoding/hex"
	"io"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
)

// The parts of a journal file that are read (systemd, Journal File Format).
const (
	journalMagic  = "LPKSHHRH"
	journalHeader = 208
	compact       = 1 << 4 // of the incompatible flags: offsets in entries have 4 bytes
	compressed    = 7      // flags of an object: XZ, LZ4, ZSTD

	objectHeader = 16
	objectData   = 1
	objectEntry  = 3

	maxJournal = 256 << 20 // bytes of a journal
	maxField   = 512       // bytes of a field; those of interest are short
	maxItems   = 1024      // fields of an entry
)

// entry is one message of the journal.
type entry struct {
	seqnum uint64
	fields map[string]string // the few that are of interest
}

// wanted are the fields that are read.
func wanted() []string { return []string{"MESSAGE_ID", "UNIT", "_PID", "JOB_RESULT", "UNIT_RESULT"} }

// journal is a journal file.
type journal struct {
	r       io.ReaderAt
	size    int64
	compact bool
	id      string // of the numbers of its entries
	last    uint64 // the number of the last entry
	start   int64  // of the objects
	end     int64  // where the last object begins
}

// openJournal reads the header of a journal.
func openJournal(r io.ReaderAt, size int64) (*journal, error) {
	if size > maxJournal {
		return nil, binread.Limit("journal of %d bytes, want at most %d", size, maxJournal)
	}
	b, err := binread.ReadAt(r, 0, journalHeader, journalHeader)
	if err != nil {
		return nil, err
	}
	c := binread.Little(b)
	j := &journal{r: r, size: size}
	magic, incompatible := string(c.Bytes(8)), c.At(12).U32()
	j.compact = incompatible&compact != 0
	j.id = hex.EncodeToString(c.At(72).Bytes(16))
	j.start = int64(c.At(88).U64())
	j.end = int64(c.At(136).U64())
	j.last = c.At(160).U64()
	switch {
	case magic != journalMagic:
		return nil, binread.Corrupt("journal begins with %q, want %q", magic, journalMagic)
	case incompatible > compact<<1-1:
		return nil, binread.Unsupported("journal with the incompatible flags %#x", incompatible)
	case j.start < journalHeader || j.end < 0 || j.end > size:
		return nil, binread.Corrupt("journal with objects from %d to %d in %d bytes", j.start, j.end, size)
	}
	return j, c.Err()
}

// since returns the entries behind a number, in order. What was being written when the machine stopped is left out.
func (j *journal) since(number uint64) ([]entry, error) {
	var all []entry
	for off := j.start; off <= j.end && off > 0; {
		b, err := binread.ReadAt(j.r, off, objectHeader, objectHeader)
		if err != nil {
			return all, err
		}
		c := binread.Little(b)
		kind, n := c.U8(), int64(c.At(8).U64())
		if kind == 0 || n < objectHeader || n > j.size-off {
			break
		}
		if kind == objectEntry {
			e, err := j.entry(off, n, number)
			if err != nil {
				return all, err
			}
			if e != nil {
				all = append(all, *e)
			}
		}
		off += (n + 7) / 8 * 8
	}
	slices.SortStableFunc(all, func(a, b entry) int { return int(int64(a.seqnum - b.seqnum)) })
	return all, nil
}

// entry reads an entry behind a number; nil is one before it.
func (j *journal) entry(off, n int64, number uint64) (*entry, error) {
	const items = 64
	width := int64(16)
	if j.compact {
		width = 4
	}
	if n < items || (n-items)/width > maxItems {
		return nil, nil
	}
	b, err := binread.ReadAt(j.r, off, n, n)
	if err != nil {
		return nil, err
	}
	c := binread.Little(b)
	e := &entry{c.At(16).U64(), map[string]string{}}
	if e.seqnum <= number {
		return nil, nil
	}
	for at := int64(items); at+width <= n; at += width {
		data := int64(c.At(int(at)).U32())
		if !j.compact {
			data = int64(c.At(int(at)).U64())
		}
		if name, value, ok := j.field(data); ok {
			e.fields[name] = value
		}
	}
	return e, nil
}

// field reads a field, where it is one that is wanted.
func (j *journal) field(off int64) (name, value string, ok bool) {
	payload := int64(64)
	if j.compact {
		payload = 72
	}
	if off < j.start || off > j.size-payload {
		return "", "", false
	}
	b, err := binread.ReadAt(j.r, off, min(payload+maxField, j.size-off), payload+maxField)
	if err != nil {
		return "", "", false
	}
	c := binread.Little(b)
	kind, flags, n := c.U8(), c.U8(), int64(c.At(8).U64())
	if kind != objectData || flags&compressed != 0 || n < payload || n > int64(len(b)) {
		return "", "", false
	}
	before, after, ok := bytes.Cut(b[payload:n], []byte("="))
	name = string(before)
	return name, string(after), ok && slices.Contains(wanted(), name)
}

// The messages of systemd that tell of a boot (systemd/sd-messages.h).
const (
	startFinished = "b07a249cd024414a82dd00cd181378ff"
	unitStarted   = "39f53479d3a045ac8e11786248231fbf"
	unitFailed    = "be02cf6855d2428ba40df7e9d022f03d"
	unitFailure   = "d9b373ed55a64feb8242e02dbe79a49c"
	powerKey      = "b72ea4a2881545a0b50e200e55b9b06f"
	goingDown     = "98268866d1d54a499c4e98921d93bc40"
)

// boot is what systemd says of one boot.
func (r *Reading) boot(entries []entry) {
	failed := map[string]bool{}
	for _, e := range entries {
		f := e.fields
		if id := f["MESSAGE_ID"]; id == powerKey || id == goingDown {
			break // what fails while the guest goes down is of no interest
		}
		if f["_PID"] != "1" {
			continue
		}
		switch unit := f["UNIT"]; f["MESSAGE_ID"] {
		case startFinished:
			r.Up = true
		case unitStarted:
			delete(failed, unit)
			r.Up = r.Up || unit == "multi-user.target" || unit == "graphical.target"
			r.Emergency = r.Emergency || strings.HasPrefix(unit, "emergency.") || strings.HasPrefix(unit, "rescue.")
		case unitFailed, unitFailure:
			failed[unit] = failed[unit] || unit != ""
		}
	}
	for unit := range failed {
		if failed[unit] && len(r.Failed) < maxUnits {
			r.Failed = append(r.Failed, unit)
		}
	}
	slices.Sort(r.Failed)
}
