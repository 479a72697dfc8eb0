package archive

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/guestctl/guestctl/engine/binread"
)

const (
	zipLocal   = "PK\x03\x04" // begins the header before each member
	zipCentral = "PK\x01\x02" // begins an entry of the central directory
	zipEnd     = "PK\x05\x06" // begins the end of the central directory

	zipLocalSize, zipCentralSize, zipEndSize, zip64EndSize = 30, 46, 22, 56 // bytes without names and comments

	// maxZipEntries is how many entries of a directory are kept in memory, directories and all.
	maxZipEntries = 100_000
)

// attachedTail is how far from the end Attached looks for an archive, in bytes: it is asked about every file. A comment that is longer
// stands behind no archive that unpacks itself.
const attachedTail = 4 << 10

// Attached reports whether a zip archive stands at the end of content, as behind a program that unpacks itself.
func Attached(content []byte) bool {
	if !bytes.Contains(content[max(0, len(content)-attachedTail):], []byte(zipEnd)) {
		return false
	}
	d, ok := findZip(content)
	return ok && d.whole && len(d.entries) > 0
}

// zipDirectory is the central directory.
type zipDirectory struct {
	entries []byte
	count   uint64
	base    int64 // what offsets of members count from
	start   int64 // of the entries
	whole   bool  // the comment at its end reaches to the end of the file
}

// findZip finds the directory from the last record that says where it is. ok is false where there is none.
func findZip(content []byte) (d zipDirectory, ok bool) {
	tail := zipTail(content)
	for i := bytes.LastIndex(tail, []byte(zipEnd)); i >= 0; i = bytes.LastIndex(tail[:i], []byte(zipEnd)) {
		if d, ok := zipDirectoryAt(content, len(content)-len(tail)+i); ok {
			return d, true
		}
	}
	return d, false
}

// zipTail is where the record of the end may be: before a comment.
func zipTail(content []byte) []byte { return content[max(0, len(content)-zipEndSize-1<<16):] }

// zipDirectoryAt decodes the record of the end at off.
func zipDirectoryAt(content []byte, off int) (d zipDirectory, ok bool) {
	c := binread.Little(content[off:])
	c.Skip(10)
	d.count = uint64(c.U16())
	size, start, comment := uint64(c.U32()), uint64(c.U32()), int(c.U16())
	if c.Err() != nil || comment > c.Len() {
		return d, false
	}
	d.whole = comment == c.Len()
	end := int64(off)
	if at := zip64End(content, off); at >= 0 && (d.count == 1<<16-1 || size == 1<<32-1 || start == 1<<32-1) {
		end = int64(at)
		c := binread.Little(content[at:])
		d.count = c.At(32).U64()
		size, start = c.U64(), c.U64()
	}
	if size > uint64(end) || start > uint64(end)-size {
		return d, false
	}
	// As the Go library does: a file before the archive moves all offsets, unless they are right as they stand.
	d.start = end - int64(size)
	d.base = d.start - int64(start)
	if d.base > 0 && bytes.HasPrefix(content[start:], []byte(zipCentral)) {
		d.base, d.start = 0, int64(start)
	}
	d.entries = content[d.start:end]
	return d, size == 0 || bytes.HasPrefix(d.entries, []byte(zipCentral))
}

// zip64End is where the record for large archives is that belongs to the end at off, or -1.
func zip64End(content []byte, off int) int {
	const locator = 20
	if off < locator+zip64EndSize || string(content[off-locator:off-locator+4]) != "PK\x06\x07" {
		return -1
	}
	c := binread.Little(content[off-locator:])
	c.Skip(8)
	for _, at := range []uint64{c.U64(), uint64(off - locator - zip64EndSize)} { // the second where a file stands before the archive
		if at <= uint64(off-locator-zip64EndSize) && bytes.HasPrefix(content[at:], []byte("PK\x06\x06")) {
			return int(at)
		}
	}
	return -1
}

// zip opens the members that the central directory has, and those that it hides.
func (w *walker) zip(content []byte) error {
	d, ok := findZip(content)
	if !ok {
		if err := w.problem("", binread.Corrupt("no central directory: it breaks off, or was never whole")); err != nil {
			return err
		}
		return w.zipStray(content, 0, len(content))
	}
	entries, cause := d.list()
	if cause != nil {
		if err := w.problem("", cause); err != nil {
			return err
		}
	}
	gaps, cause := zipLayout(content, d, entries)
	if cause != nil {
		if err := w.problem("", cause); err != nil {
			return err
		}
	}
	for _, e := range entries {
		if err := w.zipMember(content, e); err != nil {
			return err
		}
	}
	for _, g := range gaps {
		if err := w.problem("", binread.Corrupt("a member at %#x is not in the central directory", g.from)); err != nil {
			return err
		}
		if err := w.zipStray(content, int(g.from), int(g.to)); err != nil {
			return err
		}
	}
	return nil
}

// list decodes the entries of the directory. The error is what is wrong with it, beside the entries.
func (d zipDirectory) list() (entries []zipEntry, err error) {
	c := binread.Little(d.entries)
	for c.Len() >= 4 && bytes.HasPrefix(d.entries[c.Offset():], []byte(zipCentral)) {
		if len(entries) == maxZipEntries {
			return entries, binread.Limit("more than %d entries in the central directory", maxZipEntries)
		}
		e := nextZipEntry(&c, d.base)
		if err := c.Err(); err != nil {
			return entries, binread.Corrupt("the central directory breaks off")
		}
		entries = append(entries, e)
	}
	if n := uint64(len(entries)); n != d.count && n%(1<<16) != d.count {
		return entries, binread.Corrupt("the central directory has %d entries, its end says %d", n, d.count)
	}
	return entries, nil
}

// span is a part of the file, in bytes from its start.
type span struct{ from, to int64 }

// zipLayout finds members that share bytes, and parts between members that have members the directory does not have.
func zipLayout(content []byte, d zipDirectory, entries []zipEntry) (gaps []span, err error) {
	if len(entries) == maxZipEntries {
		return nil, nil // what is not listed is in no gap
	}
	var spans []span
	for _, e := range entries {
		spans = append(spans, e.span(content))
	}
	spans = append(spans, span{d.start, int64(len(content))})
	slices.SortFunc(spans, func(a, b span) int { return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.to, b.to)) })
	at := spans[0].from // what stands before the first member may be a program that has such bytes in it
	if bytes.HasPrefix(content, []byte(zipLocal)) {
		at = 0
	}
	for _, s := range spans {
		if s.from < at {
			err = binread.Corrupt("members share bytes with each other or the central directory, at %#x", s.from)
		}
		if s.from > at {
			if i := bytes.Index(content[at:s.from], []byte(zipLocal)); i >= 0 {
				gaps = append(gaps, span{at + int64(i), s.from})
			}
		}
		at = max(at, s.to)
	}
	return gaps, err
}
