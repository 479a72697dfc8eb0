package hivetest

import (
	"bytes"
	"encoding/binary"
	"math/bits"
)

// Dirty returns what is on a disk when Windows 8.1 or later stopped after it wrote the change from before to after into a log and before
// it wrote it to the hive: the hive as before, marked, and the log with the change in one entry.
func Dirty(before, after []byte) (hive, log []byte) {
	hive = bytes.Clone(before)
	seq := binary.LittleEndian.Uint32(hive[8:])
	binary.LittleEndian.PutUint32(hive[4:], seq+1)
	Seal(hive)
	return hive, append(LogBase(before, seq, 6), Entry(seq, before, after)...)
}

// LogBase is the first sector of a log to a hive: 6 is a log of entries, 1 is one of sectors.
func LogBase(hive []byte, seq, kind uint32) []byte {
	b := bytes.Clone(hive[:512])
	for off, n := range map[int]uint32{4: seq, 8: seq, 28: kind} {
		binary.LittleEndian.PutUint32(b[off:], n)
	}
	Seal(b)
	return b
}

// Entry is the entry of a log that makes a hive of another, page by page.
func Entry(seq uint32, before, after []byte) []byte {
	le := binary.LittleEndian
	var refs, pages []byte
	for off := baseSize; off < len(after); off += binSize {
		page := after[off : off+binSize]
		if off+binSize <= len(before) && bytes.Equal(before[off:off+binSize], page) {
			continue
		}
		refs = le.AppendUint32(le.AppendUint32(refs, uint32(off-baseSize)), binSize)
		pages = append(pages, page...)
	}
	b := append(make([]byte, 40), append(refs, pages...)...)
	b = append(b, make([]byte, -len(b)&511)...)
	copy(b, "HvLE")
	for off, n := range map[int]uint32{4: uint32(len(b)), 12: seq, 16: uint32(len(after) - baseSize), 20: uint32(len(refs) / 8)} {
		le.PutUint32(b[off:], n)
	}
	SealEntry(b)
	return b
}

// SealEntry writes the hashes of an entry into it.
func SealEntry(b []byte) {
	binary.LittleEndian.PutUint64(b[24:], marvin(b[40:]))
	binary.LittleEndian.PutUint64(b[32:], marvin(b[:32]))
}

// marvin is the Marvin32 hash with the seed of logs, written down as the rounds are published: add, xor, rotate by 20, 9, 27 and 19.
func marvin(data []byte) uint64 {
	seed := []byte{0x82, 0xef, 0x4d, 0x88, 0x7a, 0x4e, 0x55, 0xc5}
	a, b := binary.LittleEndian.Uint32(seed), binary.LittleEndian.Uint32(seed[4:])
	round := func(word uint32) {
		a += word
		b ^= a
		a = bits.RotateLeft32(a, 20) + b
		b = bits.RotateLeft32(b, 9) ^ a
		a = bits.RotateLeft32(a, 27) + b
		b = bits.RotateLeft32(b, 19)
	}
	padded := append(bytes.Clone(data), 0x80, 0, 0, 0)
	for ; len(padded) >= 4; padded = padded[4:] {
		round(binary.LittleEndian.Uint32(padded))
	}
	round(0)
	return uint64(b)<<32 | uint64(a)
}

// Vector is a log as Windows had them before 8.1: a bitmap of the sectors that differ, and those sectors.
func Vector(before, after []byte, seq uint32) []byte {
	bitmap := make([]byte, (len(after)-baseSize)/512/8)
	var sectors []byte
	for off := baseSize; off < len(after); off += 512 {
		sector := after[off : off+512]
		if off+512 <= len(before) && bytes.Equal(before[off:off+512], sector) {
			continue
		}
		n := (off - baseSize) / 512
		bitmap[n/8] |= 1 << (n % 8)
		sectors = append(sectors, sector...)
	}
	vector := append([]byte("DIRT"), bitmap...)
	vector = append(vector, make([]byte, -len(vector)&511)...)
	return append(append(LogBase(after, seq, 1), vector...), sectors...)
}
