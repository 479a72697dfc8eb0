package gpt

import (
	"bytes"
	"hash/crc32"
	"io/fs"
	"slices"
	"strings"

	diskfs "github.com/diskfs/go-diskfs/partition/gpt"

	"github.com/guestctl/guestctl/engine/binread"
)

// legacyBoot is the attribute "Legacy BIOS Bootable" (UEFI 2.10, table 5.8).
const legacyBoot = 1 << 2

// decode returns the disk GUID and the used entries of a verified table.
//
// go-diskfs decodes them. It takes array sizes and offsets from the header unchecked, wants headers of 92 and entries of
// 128 bytes, and would choose between primary and backup by itself. So it never sees the disk: only the checked bytes,
// laid out anew in the one form it reads. Larger entries hold the same fields first (section 5.3.3).
func decode(h header, array []byte) (uuid string, ps []partition, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = binread.Corrupt("%v", r)
		}
	}()
	t, err := diskfs.Read(memory{bytes.NewReader(layOut(h, array))}, 512, 512)
	if err != nil {
		return "", nil, binread.Corrupt("%w", err)
	}
	for _, p := range t.Partitions {
		ps = append(ps, partition{
			number:   p.Index,
			kind:     string(p.Type),
			uuid:     strings.ToLower(p.GUID),
			firstLBA: p.Start,
			lastLBA:  p.End,
			bootable: p.Attributes&legacyBoot != 0,
			name:     p.Name,
		})
	}
	return strings.ToLower(t.GUID), ps, nil
}

// layOut returns a disk of 512-byte sectors that holds nothing but a primary table: no MBR, a header at LBA 1, entries of
// 128 bytes at LBA 2.
func layOut(h header, array []byte) []byte {
	var entries []byte
	for entry := range slices.Chunk(array, int(h.entrySize)) {
		entries = append(entries, entry[:minEntrySize]...)
	}
	b := make([]byte, 1024, 1024+len(entries))
	head := b[512 : 512+minHeaderSize]
	copy(head, signature)
	copy(head[8:], le32(0x00010000))
	copy(head[12:], le32(minHeaderSize))
	copy(head[56:], h.diskGUID)
	copy(head[72:], le32(2))
	copy(head[80:], le32(h.entries))
	copy(head[84:], le32(minEntrySize))
	copy(head[88:], le32(crc32.ChecksumIEEE(entries)))
	copy(head[16:], le32(crc32.ChecksumIEEE(head)))
	return append(b, entries...)
}

func le32(v uint32) []byte { return []byte{byte(v), byte(v >> 8), byte(v >> 16), byte(v >> 24)} }

// memory is the file that go-diskfs wants to read from.
type memory struct{ *bytes.Reader }

func (memory) Stat() (fs.FileInfo, error) { return nil, fs.ErrInvalid }
func (memory) Close() error               { return nil }
