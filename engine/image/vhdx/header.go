package vhdx

import (
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"

	"github.com/guestctl/guestctl/engine/binread"
)

const (
	header1At  = 64 * kib
	header2At  = 128 * kib
	headerSize = 4 * kib
	// sectionSize is the size of the header section: everything else lies behind it.
	sectionSize = 1 * mib
)

// header is one of the two headers.
type header struct {
	off        int64
	sequence   uint64       // SequenceNumber
	dataWrite  binread.GUID // DataWriteGuid
	logGUID    binread.GUID // LogGuid: zero where there is no log to replay
	logVersion uint16
	version    uint16
	logLen     int64
	logOff     int64
	raw        []byte
}

// checksum is the CRC-32C of b, with the four bytes of the checksum, at 4, taken as zeros. It returns the stored one with it.
func checksum(b []byte) (stored, want uint32) {
	table := crc32.MakeTable(crc32.Castagnoli)
	want = crc32.Update(0, table, b[:4])
	want = crc32.Update(want, table, make([]byte, 4))
	want = crc32.Update(want, table, b[8:])
	c := binread.Little(b)
	return c.At(4).U32(), want
}

// readSealed reads a structure with a signature and a checksum.
func (f file) readSealed(name, signature string, off, n int64) ([]byte, error) {
	b, err := binread.ReadAt(f, off, n, n)
	if err != nil {
		return nil, fmt.Errorf("%s at %#x: %w", name, off, err)
	}
	if !bytes.HasPrefix(b, []byte(signature)) {
		return nil, binread.Corrupt("%s at %#x: want it to begin with %q", name, off, signature)
	}
	if stored, want := checksum(b); stored != want {
		return nil, binread.Checksum("%s at %#x: checksum %#x, want %#x", name, off, stored, want)
	}
	return b, nil
}

// isDamage reports whether an error is of the image rather than of the host.
func isDamage(err error) bool {
	return errors.Is(err, binread.ErrCorrupt) || errors.Is(err, binread.ErrChecksum)
}

// readHeaders takes the header that was written last.
func (m *Image) readHeaders() error {
	var found []*header
	var errs []error
	for _, off := range []int64{header1At, header2At} {
		b, err := m.file.readSealed("header", "head", off, headerSize)
		switch {
		case err == nil:
			found = append(found, decodeHeader(b, off))
		case isDamage(err):
			errs = append(errs, err)
		default:
			return err
		}
	}
	switch {
	case len(found) == 0:
		return fmt.Errorf("no header: %w", errors.Join(errs...))
	case len(found) == 1:
		m.problem("%v: the other one is used", errs[0])
		m.head = found[0]
	case found[0].sequence > found[1].sequence:
		m.head = found[0]
	case found[0].sequence < found[1].sequence:
		m.head = found[1]
	case !bytes.Equal(found[0].raw, found[1].raw):
		return binread.Corrupt("both headers have the sequence number %d, and they differ", found[0].sequence)
	default:
		m.head = found[0]
	}
	return m.head.validate()
}

func decodeHeader(b []byte, off int64) *header {
	c := binread.Little(b)
	h := &header{off: off, sequence: c.At(8).U64(), raw: b}
	c.GUID() // FileWriteGuid: another for each time that the file was opened for writing
	h.dataWrite, h.logGUID = c.GUID(), c.GUID()
	h.logVersion, h.version = c.U16(), c.U16()
	h.logLen, h.logOff = int64(c.U32()), int64(c.U64())
	return h
}

func (h *header) validate() error {
	switch {
	case h.version != 1:
		return binread.Unsupported("header at %#x: version %d, want 1", h.off, h.version)
	case h.logVersion != 0 && h.dirty():
		return binread.Unsupported("header at %#x: log of version %d, want 0", h.off, h.logVersion)
	case h.logLen%mib != 0 || h.logOff%mib != 0 || h.logOff < 0 || h.logLen > 0 && h.logOff < sectionSize:
		return binread.Corrupt("header at %#x: log of %#x bytes at %#x, want multiples of 1 MiB, behind the first", h.off, h.logLen, h.logOff)
	}
	return nil
}

// dirty reports whether there is a log to replay.
func (h *header) dirty() bool { return h.logGUID != binread.GUID{} }
