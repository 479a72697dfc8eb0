package live

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// The numbers of the NBD protocol that are used (doc/proto.md).
const (
	nbdMagic    = 0x4e42444d41474943 // "NBDMAGIC"
	optionMagic = 0x49484156454f5054 // "IHAVEOPT"
	replyMagic  = 0x3e889045565a9
	askMagic    = 0x25609513
	answerMagic = 0x67446698

	fixedNewstyle = 1
	noZeroes      = 2

	optionAbort = 2
	optionGo    = 7

	replyAck         = 1
	replyInfo        = 3
	replyUnsupported = 1<<31 + 1

	exportFlags = 1 | 1<<2 // has flags, takes flushes

	commandRead  = 0
	commandWrite = 1
	commandEnd   = 2
	commandFlush = 3

	errIO      = 5
	errInvalid = 22
	errNoSpace = 28

	maxOption   = 64 << 10 // bytes
	maxTransfer = 32 << 20 // bytes of one request, as QEMU has it
)

// disk is what an export serves.
type disk interface {
	io.ReaderAt
	io.WriterAt
	Size() int64
}

// export serves a disk over one connection.
type export struct {
	disk

	conn io.ReadWriter
	// seen is called for each request that was done.
	seen func(write bool, off, n int64)
	// failed is called for each that was not.
	failed func(error)
}

// serve answers the client until it ends the connection.
func (e *export) serve() error {
	if err := e.negotiate(); err != nil {
		return err
	}
	for {
		more, err := e.request()
		if err != nil || !more {
			return err
		}
	}
}

// negotiate agrees on the one export there is, whatever name the client gives it.
func (e *export) negotiate() error {
	var hello []byte
	hello = binary.BigEndian.AppendUint64(hello, nbdMagic)
	hello = binary.BigEndian.AppendUint64(hello, optionMagic)
	hello = binary.BigEndian.AppendUint16(hello, fixedNewstyle|noZeroes)
	if _, err := e.conn.Write(hello); err != nil {
		return err
	}
	if _, err := e.read(4); err != nil { // the client's flags
		return err
	}
	for {
		b, err := e.read(16)
		if err != nil {
			return err
		}
		option, n := binary.BigEndian.Uint32(b[8:]), binary.BigEndian.Uint32(b[12:])
		if magic := binary.BigEndian.Uint64(b); magic != optionMagic || n > maxOption {
			return fmt.Errorf("nbd: option of %d bytes with magic %#x, want at most %d and %#x", n, magic, maxOption, uint64(optionMagic))
		}
		if _, err := e.read(int(n)); err != nil {
			return err
		}
		switch option {
		case optionGo:
			info := binary.BigEndian.AppendUint16(nil, 0) // NBD_INFO_EXPORT
			info = binary.BigEndian.AppendUint64(info, uint64(e.Size()))
			info = binary.BigEndian.AppendUint16(info, exportFlags)
			return errors.Join(e.option(option, replyInfo, info), e.option(option, replyAck, nil))
		case optionAbort:
			return errors.Join(e.option(option, replyAck, nil), io.EOF)
		}
		if err := e.option(option, replyUnsupported, nil); err != nil {
			return err
		}
	}
}

func (e *export) option(option, kind uint32, data []byte) error {
	b := binary.BigEndian.AppendUint64(nil, replyMagic)
	b = binary.BigEndian.AppendUint32(b, option)
	b = binary.BigEndian.AppendUint32(b, kind)
	b = binary.BigEndian.AppendUint32(b, uint32(len(data)))
	_, err := e.conn.Write(append(b, data...))
	return err
}

// request answers one request. It returns false where the client wants no more.
func (e *export) request() (bool, error) {
	b, err := e.read(28)
	if err != nil {
		return false, err
	}
	command, cookie := binary.BigEndian.Uint16(b[6:]), b[8:16]
	off, n := int64(binary.BigEndian.Uint64(b[16:])), int64(binary.BigEndian.Uint32(b[24:]))
	if magic := binary.BigEndian.Uint32(b); magic != askMagic || n > maxTransfer {
		return false, fmt.Errorf("nbd: request of %d bytes with magic %#x, want at most %d and %#x", n, magic, maxTransfer, askMagic)
	}
	switch command {
	case commandRead:
		data := make([]byte, n)
		if err := e.readDisk(data, off); err != nil {
			e.failed(err)
			return true, e.answer(cookie, errIO, nil)
		}
		e.seen(false, off, n)
		return true, e.answer(cookie, 0, data)
	case commandWrite:
		data, err := e.read(int(n))
		if err != nil {
			return false, err
		}
		if _, err := e.WriteAt(data, off); err != nil {
			e.failed(err)
			return true, e.answer(cookie, errNoSpace, nil)
		}
		e.seen(true, off, n)
		return true, e.answer(cookie, 0, nil)
	case commandFlush:
		return true, e.answer(cookie, 0, nil)
	case commandEnd:
		return false, nil
	}
	return true, e.answer(cookie, errInvalid, nil)
}

// readDisk reads all of b. What lies behind the end of the disk, in its last sector, is zeros.
func (e *export) readDisk(b []byte, off int64) error {
	n, err := e.ReadAt(b, off)
	if errors.Is(err, io.EOF) && off >= 0 && off < e.Size() {
		clear(b[n:])
		return nil
	}
	return err
}

func (e *export) answer(cookie []byte, code uint32, data []byte) error {
	b := binary.BigEndian.AppendUint32(make([]byte, 0, 16+len(data)), answerMagic)
	b = binary.BigEndian.AppendUint32(b, code)
	b = append(b, cookie...)
	_, err := e.conn.Write(append(b, data...))
	return err
}

func (e *export) read(n int) ([]byte, error) {
	b := make([]byte, n)
	_, err := io.ReadFull(e.conn, b)
	return b, err
}
