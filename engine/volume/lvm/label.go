package lvm

import (
	"fmt"
	"hash/crc32"
	"io"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
)

const (
	sectorSize   = 512 // bytes, of every structure of LVM2 whatever the disk has
	labelSectors = 4   // any of which may hold the label
	labelID      = "LABELONE"
	labelType    = "LVM2 001"
	idSize       = 32 // characters of a UUID as stored
	maxAreas     = 8  // of one kind on one physical volume; LVM writes at most two
	pvUsed       = 1  // PV_EXT_USED: the physical volume belongs to a group
)

// label is what a physical volume says of itself (label_header, pv_header, pv_header_extension).
type label struct {
	id    string // with dashes, as LVM prints it
	areas []span // that hold metadata
	used  bool   // belongs to a group
}

// span is a run of bytes of a physical volume.
type span struct{ off, size uint64 }

// probe finds the label of a physical volume.
func probe(r io.ReaderAt, size int64) (bool, error) {
	for sector := range int64(labelSectors) {
		ok, err := binread.Magic(sector*sectorSize, labelID)(r, size)
		if err != nil {
			return false, err
		}
		if !ok {
			continue
		}
		if ok, err := binread.Magic(sector*sectorSize+24, labelType)(r, size); ok || err != nil {
			return ok, err
		}
	}
	return false, nil
}

// readLabel reads the first sound label. The error is about the first of all.
func readLabel(r io.ReaderAt, size int64) (*label, error) {
	var wrong error
	for sector := range min(labelSectors, size/sectorSize) {
		b, err := binread.ReadAt(r, sector*sectorSize, sectorSize, sectorSize)
		if err != nil {
			return nil, err
		}
		if string(b[:8]) != labelID || string(b[24:32]) != labelType {
			continue
		}
		l, err := decodeLabel(b, uint64(sector))
		if err == nil {
			return l, nil
		}
		if wrong == nil {
			wrong = fmt.Errorf("label in sector %d: %w", sector, err)
		}
	}
	if wrong == nil {
		wrong = binread.Corrupt("no label in the first %d sectors", labelSectors)
	}
	return nil, wrong
}

func decodeLabel(b []byte, sector uint64) (*label, error) {
	c := binread.Little(b)
	at, sum, off := c.At(8).U64(), c.U32(), c.U32() // sector_xl, crc_xl, offset_xl
	switch {
	case at != sector:
		return nil, binread.Corrupt("says it is in sector %d, want %d", at, sector)
	case checksum(b[20:]) != sum:
		return nil, binread.Checksum("checksum 0x%08x, want 0x%08x", sum, checksum(b[20:]))
	case off < 32 || off > sectorSize-idSize:
		return nil, binread.Corrupt("header at byte %d of the sector, want 32 to %d", off, sectorSize-idSize)
	}
	l := &label{}
	var err error
	if l.id, err = dashed(c.At(int(off)).Bytes(idSize)); err != nil {
		return nil, err
	}
	c.Skip(8) // device_size_xl: the size when it was made; metadata has the newer one
	if _, err = spans(&c); err != nil {
		return nil, fmt.Errorf("data areas: %w", err)
	}
	if l.areas, err = spans(&c); err != nil {
		return nil, fmt.Errorf("metadata areas: %w", err)
	}
	if c.Len() >= 8 && c.U32() >= 2 { // version of the extension; the flag came with version 2
		l.used = c.U32()&pvUsed != 0
	}
	return l, nil
}

// spans reads a list that ends with an empty entry (disk_locn).
func spans(c *binread.Cursor) ([]span, error) {
	var all []span
	for {
		s := span{c.U64(), c.U64()}
		switch {
		case c.Err() != nil:
			return nil, c.Err()
		case s.off == 0:
			return all, nil
		case len(all) == maxAreas:
			return nil, binread.Limit("more than %d", maxAreas)
		}
		all = append(all, s)
	}
}

// checksum is the CRC-32 of LVM2: started with its own value, and not inverted.
func checksum(b []byte) uint32 {
	const initial = 0xf597a6cf
	return ^crc32.Update(^uint32(initial), crc32.IEEETable, b)
}

// dashed is a stored UUID as LVM prints it.
func dashed(b []byte) (string, error) {
	for _, c := range b {
		if !idByte(c) {
			return "", binread.Corrupt("UUID %q, want letters and digits", b)
		}
	}
	if len(b) != idSize {
		return "", binread.Corrupt("UUID %q, want %d characters", b, idSize)
	}
	s := string(b)
	return strings.Join([]string{s[:6], s[6:10], s[10:14], s[14:18], s[18:22], s[22:26], s[26:]}, "-"), nil
}

// undashed is a printed UUID as it is stored, or "" for what is none.
func undashed(s string) string {
	b := strings.ReplaceAll(s, "-", "")
	if again, err := dashed([]byte(b)); err != nil || again != s {
		return ""
	}
	return b
}

func idByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '!' || c == '#'
}
