package qcow2

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/image"
)

const (
	maxSnapshots     = 65536    // QEMU's limit
	maxSnapshotTable = 16 << 20 // bytes of the table, most of which are names
	maxSnapshotExtra = 1024     // bytes of extra data, QEMU's limit
	snapshotSize     = 40       // of an entry without its extra data, id and name
)

// snapshot is an entry of the snapshot table.
type snapshot struct {
	image.Snapshot
	l1    table
	bytes int64 // of the entry, without what fills it up
}

func readSnapshots(r io.ReaderAt, size int64, h *header) ([]snapshot, error) {
	if h.snapshots == 0 {
		return nil, nil
	}
	switch {
	case h.snapshots > maxSnapshots:
		return nil, binread.Limit("snapshot table of %d entries, want at most %d", h.snapshots, maxSnapshots)
	case h.snapshotsOff <= 0 || h.snapshotsOff&(h.clusterSize()-1) != 0 ||
		int64(h.snapshots)*snapshotSize > size-h.snapshotsOff:
		return nil, binread.Corrupt("snapshot table of %d entries at %#x, want a multiple of %#x inside of a file of %d bytes",
			h.snapshots, h.snapshotsOff, h.clusterSize(), size)
	}
	t := &snapshotReader{off: h.snapshotsOff, end: h.snapshotsOff + maxSnapshotTable}
	t.r = bufio.NewReader(io.NewSectionReader(r, t.off, min(maxSnapshotTable, size-t.off)))
	all := make([]snapshot, 0, h.snapshots)
	for range h.snapshots {
		at := t.off
		s, err := t.next(h)
		if err != nil {
			return nil, fmt.Errorf("snapshot table: entry %d at %#x: %w", len(all), at, err)
		}
		all = append(all, s)
	}
	return all, nil
}

// snapshotReader reads the entries of a snapshot table, whose lengths vary.
type snapshotReader struct {
	r        *bufio.Reader
	off, end int64
	padding  int // bytes after the entry that was read last; QEMU does not write those at the end of the file
}

func (t *snapshotReader) next(h *header) (snapshot, error) {
	if _, err := t.read(t.padding); err != nil {
		return snapshot{}, err
	}
	b, err := t.read(snapshotSize)
	if err != nil {
		return snapshot{}, err
	}
	c := binread.Big(b)
	s := snapshot{l1: table{off: int64(c.U64()), entries: int64(c.U32()), size: h.size}}
	idLen, nameLen, extraLen := int(c.U16()), int(c.U16()), int64(c.At(36).U32())
	if extraLen > maxSnapshotExtra {
		return s, binread.Limit("%d bytes of extra data, want at most %d", extraLen, maxSnapshotExtra)
	}
	n := int(extraLen) + idLen + nameLen
	if b, err = t.read(n); err != nil {
		return s, err
	}
	t.padding, s.bytes = -n&7, int64(snapshotSize+n)
	c = binread.Big(b)
	if extraLen >= 16 { // without it the disk had the size it has now
		s.l1.size = int64(c.At(8).U64())
	}
	s.ID, s.Name = string(c.At(int(extraLen)).Bytes(idLen)), string(c.Bytes(nameLen))
	s.Size = s.l1.size
	return s, c.Err()
}

func (t *snapshotReader) read(n int) ([]byte, error) {
	if int64(n) > t.end-t.off {
		return nil, binread.Limit("the table has more than %d bytes", maxSnapshotTable)
	}
	b := make([]byte, n)
	got, err := io.ReadFull(t.r, b)
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return nil, binread.Corrupt("%d bytes at %#x end after %d", n, t.off, got)
	}
	t.off += int64(n)
	return b, err
}

// selectSnapshot returns the L1 table of the snapshot with the given id or, when no id is like it, name.
func selectSnapshot(all []snapshot, name string) (table, error) {
	for _, s := range all {
		if s.ID == name {
			return s.l1, nil
		}
	}
	for _, s := range all {
		if s.Name == name {
			return s.l1, nil
		}
	}
	if len(all) == 0 {
		return table{}, fmt.Errorf("snapshot %q: the image has no snapshots", name)
	}
	const most = 10
	var names []string
	for _, s := range all[:min(most, len(all))] {
		names = append(names, fmt.Sprintf("%.80q (id %.20q)", s.Name, s.ID))
	}
	if len(all) > most {
		names = append(names, fmt.Sprintf("%d more", len(all)-most))
	}
	return table{}, fmt.Errorf("snapshot %q: the image has %s", name, strings.Join(names, ", "))
}
