package gpt

import (
	"bytes"
	"cmp"
	"fmt"
	"hash/crc32"
	"io/fs"
	"slices"
	"strings"

	diskfs "github.com/diskfs/go-diskfs/partition/gpt"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/volume"
)

// legacyBoot is the attribute "Legacy BIOS Bootable" (UEFI 2.10, table 5.8).
const legacyBoot = 1 << 2

// partition is one used entry of the table (UEFI 2.10, table 5.6).
type partition struct {
	number   int    // the place of the entry in the array, from 1
	kind     string // PartitionTypeGUID, upper case
	uuid     string // UniquePartitionGUID, lower case
	firstLBA uint64 // StartingLBA
	lastLBA  uint64 // EndingLBA, the last sector of the partition
	bootable bool
	name     string // PartitionName
}

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

// volumesOf returns the partitions that lie on the disk, and what is wrong with any. One that starts beyond the end of the
// disk is left out, one that ends there is cut off: a disk that was copied in part still shows what is on it.
func volumesOf(disk *volume.Volume, t *table) (volumes []*volume.Volume, problems []string) {
	sectors := uint64(disk.Size / t.sector)
	var kept []partition
	for _, p := range t.partitions {
		switch {
		case p.firstLBA > p.lastLBA:
			problems = append(problems, fmt.Sprintf("p%d ends at LBA %d, before its start at %d: left out",
				p.number, p.lastLBA, p.firstLBA))
			continue
		case p.firstLBA <= 1: // it would hold its own table, and be found in itself again
			problems = append(problems, fmt.Sprintf("p%d starts at LBA %d, on the table itself: left out",
				p.number, p.firstLBA))
			continue
		case p.firstLBA >= sectors:
			problems = append(problems, fmt.Sprintf("p%d starts at LBA %d, beyond the end of the disk at %d: left out",
				p.number, p.firstLBA, sectors))
			continue
		case p.lastLBA >= sectors:
			problems = append(problems, fmt.Sprintf("p%d ends at LBA %d, beyond the end of the disk at %d: cut off",
				p.number, p.lastLBA, sectors))
			p.lastLBA = sectors - 1
		case p.firstLBA < t.firstUsableLBA || p.lastLBA > t.lastUsableLBA:
			problems = append(problems, fmt.Sprintf("p%d is at LBA %d to %d, want it within the usable %d to %d",
				p.number, p.firstLBA, p.lastLBA, t.firstUsableLBA, t.lastUsableLBA))
		}
		kept = append(kept, p)
		volumes = append(volumes, p.volume(disk, t.sector))
	}
	return volumes, append(problems, conflicts(kept)...)
}

func (p partition) volume(disk *volume.Volume, sector int64) *volume.Volume {
	v := volume.Section(disk, int64(p.firstLBA)*sector, int64(p.lastLBA-p.firstLBA+1)*sector)
	v.Name = fmt.Sprintf("p%d", p.number)
	v.Number = p.number
	v.Kind = kindOf(p.kind)
	v.UUID = p.uuid
	v.Label = p.name
	v.Active = p.bootable
	return v
}

// conflicts names partitions that share sectors or a GUID with another one.
func conflicts(ps []partition) (problems []string) {
	owner := map[string]int{}
	for _, p := range ps {
		if first, taken := owner[p.uuid]; taken {
			problems = append(problems, fmt.Sprintf("p%d has the GUID of p%d, %s", p.number, first, p.uuid))
			continue
		}
		owner[p.uuid] = p.number
	}
	ps = slices.SortedStableFunc(slices.Values(ps), func(a, b partition) int { return cmp.Compare(a.firstLBA, b.firstLBA) })
	for i := 1; i < len(ps); i++ {
		// the one that reaches farthest so far is the only one a later start has to be held against
		far, p := ps[i-1], ps[i]
		if p.firstLBA <= far.lastLBA {
			problems = append(problems, fmt.Sprintf("p%d overlaps p%d from LBA %d on", p.number, far.number, p.firstLBA))
		}
		if p.lastLBA < far.lastLBA {
			ps[i] = far
		}
	}
	return problems
}
