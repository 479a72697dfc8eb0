package xfs

import (
	"encoding/binary"
	"hash/crc32"

	"github.com/guestctl/guestctl/engine/binread"
)

// log opens the log of the image before it was changed.
func (h *hostile) log() *log {
	h.t.Helper()
	l, err := h.fs.openLog()
	if err != nil {
		h.t.Fatal(err)
	}
	return l
}

// records are those of the log that count, from the oldest on.
func (h *hostile) records() (list []record) {
	h.t.Helper()
	l := h.log()
	for at, left := l.tail, l.sectorsTo(l.tail, l.head%l.count); left > 0; {
		r, err := l.record(at)
		if err != nil {
			h.t.Fatal(err)
		}
		list = append(list, r)
		at, left = (at+r.sectors())%l.count, left-r.sectors()
	}
	return list
}

// record changes a record, which must not go round the end of the log. Where its length is as it was, its checksum is made right, but
// for what follows the header.
func (h *hostile) record(number, off, n int, v uint64) {
	h.t.Helper()
	r := h.records()[number]
	h.put(int(h.log().off)+r.at*logSector+off, n, v)
	if off < logSector {
		h.recordSum(&r)
	}
}

func (h *hostile) recordSum(r *record) {
	h.t.Helper()
	at := h.log().off + int64(r.at)*logSector
	b, err := binread.ReadAt(&h.Patched, at, int64(r.sectors())*logSector, 1<<20)
	if err != nil {
		h.t.Fatal(err)
	}
	clear(b[recordSumOff : recordSumOff+4])
	sum := crc32.Checksum(b[:328], castagnoli)
	for i := 1; i < r.headers; i++ {
		sum = crc32.Update(sum, castagnoli, b[i*logSector:][:260])
	}
	sum = crc32.Update(sum, castagnoli, b[r.headers*logSector:][:r.length])
	h.write(int(at)+recordSumOff, binary.LittleEndian.AppendUint32(nil, sum))
}

// operation changes one of the first operations of the first record, which are in its first sector, and renews the checksum.
func (h *hostile) operation(number, off, n int, v uint64) {
	h.t.Helper()
	r := h.records()[0]
	start := int(h.log().off) + (r.at+r.headers)*logSector
	at := start
	for range number {
		length, err := binread.ReadAt(&h.Patched, int64(at)+4, 4, 4)
		if err != nil {
			h.t.Fatal(err)
		}
		at += operationSize + int(binary.BigEndian.Uint32(length))
	}
	if at+off+n > start+logSector {
		h.t.Fatalf("operation %d is in another sector", number)
	}
	h.put(at+off, n, v)
	h.recordSum(&r)
}
