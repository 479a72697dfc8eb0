package xfs

import (
	"bytes"
	"hash/crc32"

	"github.com/guestctl/guestctl/engine/binread"
)

const (
	recordMagic  = 0xfeedbabe
	cycleSpace   = 32 << 10 // bytes of a record for each sector of its header
	cyclesOf     = cycleSpace / logSector
	recordSumOff = 32
	cyclesOff    = 44 // in the first header; 4 in the others
	littleEndian = 1  // h_fmt
)

// record is the header of what was written to the log at once, struct xlog_rec_header.
type record struct {
	at         int    // sector of the header
	length     int    // bytes behind the headers
	lsn, tail  uint64 // its own place, and that of the oldest record that was not written back: cycle and sector
	sum        uint32
	operations int
	headers    int // sectors
}

func (r *record) sectors() int { return r.headers + (r.length+logSector-1)/logSector }

// record decodes the header in a sector.
func (l *log) record(at int) (record, error) {
	b, err := l.read(at, 1)
	if err != nil {
		return record{}, err
	}
	c := binread.Big(b)
	magic, cycle, version, length := c.U32(), c.U32(), c.U32(), c.U32()
	r := record{at: at, length: int(length), lsn: c.U64(), tail: c.U64(), headers: 1}
	order := c.At(300).U32()
	uuid, size := c.Bytes(16), c.U32()
	sums := binread.Little(b)
	r.sum = sums.At(recordSumOff).U32()
	r.operations = int(c.At(40).U32())
	switch {
	case magic != recordMagic:
		return r, binread.Corrupt("sector %d: magic %#x, want %#x", at, magic, uint32(recordMagic))
	case version != 1 && version != 2:
		return r, binread.Unsupported("sector %d: record of version %d, want 1 or 2", at, version)
	case order != littleEndian:
		return r, binread.Unsupported("sector %d: record of format %d, that of another kind of machine", at, order)
	case length == 0 || length > maxRecord:
		return r, binread.Corrupt("sector %d: record of %d bytes, want 1 to %d", at, length, maxRecord)
	case !bytes.Equal(uuid, l.fs.super.uuid[:]):
		return r, binread.Corrupt("sector %d: record of file system %s, want %s", at, uuidString([16]byte(uuid)), uuidString(l.fs.super.uuid))
	case uint32(r.lsn) != uint32(at) || uint32(r.lsn>>32) != cycle:
		return r, binread.Corrupt("sector %d: record of sector %d, turn %d", at, uint32(r.lsn), r.lsn>>32)
	}
	if version == 2 && size > cycleSpace && size <= maxRecord {
		r.headers = int((size + cycleSpace - 1) / cycleSpace)
	}
	if r.headers > 1 && r.length > r.headers*cycleSpace || r.headers == 1 && r.length > cycleSpace || r.sectors() > l.count {
		return r, binread.Corrupt("sector %d: %d bytes behind %d sectors of header", at, length, r.headers)
	}
	return r, nil
}

// payload reads and verifies what follows the header of a record, and puts back the bytes in whose place the cycles stand.
func (l *log) payload(r *record) ([]byte, error) {
	b, err := l.read(r.at, r.sectors())
	if err != nil {
		return nil, err
	}
	data := b[r.headers*logSector:][:r.length]
	if !recordSum(b, data, r) {
		return nil, binread.Checksum("sector %d: wrong checksum of a record of %d bytes", r.at, r.length)
	}
	for i := 0; i*logSector+4 <= len(data); i++ {
		from := cyclesOff + i*4
		if i >= cyclesOf {
			from = i/cyclesOf*logSector + 4 + i%cyclesOf*4
		}
		copy(data[i*logSector:][:4], b[from:])
	}
	return data, nil
}

// recordSum compares the checksum of a record. How much of its first header counts depends on the kind of machine; 0 is none at all.
func recordSum(b, data []byte, r *record) bool {
	if r.sum == 0 {
		return true
	}
	for _, size := range []int{328, 324} {
		sum := crc32.Update(0, castagnoli, b[:recordSumOff])
		sum = crc32.Update(crc32.Update(sum, castagnoli, zeros[:]), castagnoli, b[recordSumOff+4:size])
		for i := 1; i < r.headers; i++ {
			sum = crc32.Update(sum, castagnoli, b[i*logSector:][:4+cyclesOf*4])
		}
		if crc32.Update(sum, castagnoli, data) == r.sum {
			return true
		}
	}
	return false
}
