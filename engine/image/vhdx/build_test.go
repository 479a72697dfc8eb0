package vhdx

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"hash/crc32"
	"slices"
	"strings"
	"unicode/utf16"
)

// Places of the image that valid returns.
const (
	logAt   = 1 * mib
	metaAt  = 2 * mib
	batAt   = 3 * mib
	blockAt = 4 * mib
	fileEnd = 6 * mib
	itemsAt = metaAt + metadataTableSize
	chunk   = 4096 // blocks
	items   = 5    // and that of a parent locator
	locator = itemsAt + 16*items
)

var le = binary.LittleEndian

// seal writes the checksum of a structure.
func seal(b []byte, off, n int) {
	le.PutUint32(b[off+4:], 0)
	le.PutUint32(b[off+4:], crc32.Checksum(b[off:off+n], crc32.MakeTable(crc32.Castagnoli)))
}

func guidBytes(id string) []byte {
	b, err := hex.DecodeString(strings.ReplaceAll(id, "-", ""))
	if err != nil {
		panic(err)
	}
	for _, part := range [][]byte{b[:4], b[4:6], b[6:8]} {
		for i := range len(part) / 2 {
			part[i], part[len(part)-1-i] = part[len(part)-1-i], part[i]
		}
	}
	return b
}

// valid is a dynamic disk of 4 MiB in blocks of 1 MiB, of which the second and third are there.
func valid() []byte {
	b := make([]byte, fileEnd)
	copy(b, signature)
	for i, at := range []int{header1At, header2At} {
		copy(b[at:], "head")
		le.PutUint64(b[at+8:], uint64(2-i))
		copy(b[at+32:], "data write guid.")
		le.PutUint16(b[at+66:], 1)
		le.PutUint32(b[at+68:], 1*mib)
		le.PutUint64(b[at+72:], logAt)
	}
	for _, at := range []int{regions1At, regions2At} {
		copy(b[at:], "regi")
		le.PutUint32(b[at+8:], 2)
		for i, r := range []struct {
			id string
			at uint64
		}{{batRegion, batAt}, {metadataRegion, metaAt}} {
			e := b[at+16+32*i:]
			copy(e, guidBytes(r.id))
			le.PutUint64(e[16:], r.at)
			le.PutUint32(e[24:], 1*mib)
			le.PutUint32(e[28:], 1)
		}
	}
	copy(b[metaAt:], "metadata")
	le.PutUint16(b[metaAt+10:], items)
	for i, item := range []struct {
		id string
		n  uint32
		v  uint64
	}{{itemParameters, 8, 1 * mib}, {itemSize, 8, 4 * mib}, {itemSector, 4, 512}, {itemPhysical, 4, 4096}, {itemDiskID, 16, 1}, {itemLocator, 1024, 0}} {
		e := b[metaAt+32+32*i:]
		copy(e, guidBytes(item.id))
		le.PutUint32(e[16:], uint32(metadataTableSize+16*i))
		le.PutUint32(e[20:], item.n)
		le.PutUint32(e[24:], 4)
		le.PutUint64(b[itemsAt+16*i:], item.v)
	}
	le.PutUint64(b[batAt+8:], blockAt|6)
	le.PutUint64(b[batAt+16:], (blockAt+mib)|6)
	copy(b[blockAt:], bytes.Repeat([]byte("d"), 2*mib))
	return b
}

// change changes a valid image; the checksums of its headers and region tables are made right afterwards.
type change func(b []byte)

func all(changes ...change) change {
	return func(b []byte) {
		for _, p := range changes {
			p(b)
		}
	}
}

func nothing([]byte) {}

func put(at, n int, v uint64) change {
	return func(b []byte) {
		for i := range n {
			b[at+i] = byte(v >> (8 * i))
		}
	}
}

func head(off, n int, v uint64) change {
	return all(put(header1At+off, n, v), put(header2At+off, n, v))
}

func regs(off, n int, v uint64) change {
	return all(put(regions1At+off, n, v), put(regions2At+off, n, v))
}

// meta changes the metadata table, value the item of that number, and bat an entry of the block allocation table.
func meta(off, n int, v uint64) change { return put(metaAt+off, n, v) }
func value(i, n int, v uint64) change  { return put(itemsAt+16*i, n, v) }
func bat(i int, v uint64) change       { return put(batAt+8*i, 8, v) }

// differ makes it a differencing image with those pairs of a parent locator.
func differ(pairs ...string) change {
	return func(b []byte) {
		value(0, 8, 1*mib|2<<32)(b)
		meta(10, 2, items+1)(b)
		l := b[locator : locator+1024]
		copy(l, guidBytes(locatorType))
		le.PutUint16(l[18:], uint16(len(pairs)/2))
		at := 512
		for i, s := range pairs {
			n := 0
			for _, u := range utf16.Encode([]rune(s)) {
				le.PutUint16(l[at+n:], u)
				n += 2
			}
			e := l[20+12*(i/2):]
			le.PutUint32(e[4*(i%2):], uint32(at))
			le.PutUint16(e[8+2*(i%2):], uint16(n))
			at += n
		}
	}
}

func patched(p change) []byte {
	b := valid()
	p(b)
	sealAll(b)
	return b
}

func sealAll(b []byte) {
	for _, at := range []int{header1At, header2At} {
		seal(b, at, headerSize)
	}
	for _, at := range []int{regions1At, regions2At} {
		seal(b, at, regionsSize)
	}
}

// write is an update of a log: of data, or of n zeros.
type write struct {
	off, n uint64
	data   []byte
}

const logGUID = "the log's guid.."

// logEntryBytes is an entry of a log.
func logEntryBytes(sequence uint64, tail uint32, writes ...write) []byte {
	front := (entryHeader + descriptorLen*len(writes) + logSector - 1) &^ (logSector - 1)
	b := make([]byte, front)
	var sectors []byte
	for i, w := range writes {
		d := b[entryHeader+descriptorLen*i:]
		le.PutUint64(d[16:], w.off)
		le.PutUint64(d[24:], sequence)
		if w.data == nil {
			copy(d, "zero")
			le.PutUint64(d[8:], w.n)
			continue
		}
		copy(d, "desc")
		copy(d[4:8], w.data[logSector-4:])
		copy(d[8:16], w.data)
		s := bytes.Clone(w.data)
		copy(s, "data")
		le.PutUint32(s[4:], uint32(sequence>>32))
		le.PutUint32(s[logSector-4:], uint32(sequence))
		sectors = append(sectors, s...)
	}
	b = slices.Concat(b, sectors)
	copy(b, "loge")
	le.PutUint32(b[8:], uint32(len(b)))
	le.PutUint32(b[12:], tail)
	le.PutUint64(b[16:], sequence)
	le.PutUint32(b[24:], uint32(len(writes)))
	copy(b[32:], logGUID)
	le.PutUint64(b[48:], fileEnd)
	le.PutUint64(b[56:], fileEnd)
	seal(b, 0, len(b))
	return b
}

// logged puts a log into the image.
func logged(entries ...[]byte) change {
	return func(b []byte) {
		for _, at := range []int{header1At, header2At} {
			copy(b[at+48:], logGUID)
		}
		copy(b[logAt:logAt+mib], bytes.Join(entries, nil))
	}
}

// damaged changes a log entry, and makes its checksum right.
func damaged(entry []byte, off, n int, v uint64) []byte {
	put(off, n, v)(entry)
	seal(entry, 0, len(entry))
	return entry
}
