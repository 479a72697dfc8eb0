//go:build linux && cgo && !noyara

package yara

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"golang.org/x/sys/unix"

	"github.com/guestctl/guestctl/scanner"
)

// A message between the two processes is its length in four bytes, a kind, and a body. Both sides hold what they get against
// limits: the worker may be in the hands of the file it looks at.
const (
	lengthSize = 4
	headSize   = lengthSize + 1

	maxRequest = 1 << 20  // bytes of a request to scan, most of them the path
	maxReply   = 64 << 10 // bytes of what was found in a file
	maxRules   = 256      // rules told of one file
	maxPlaces  = 10       // places told of one rule
	maxText    = 512      // bytes of a reason
	maxResult  = 1 << 30  // bytes of compiled rules
)

// The kinds of messages.
const (
	kindScan     = 's' // to the worker: look into a file
	kindReady    = 'r' // the worker has its rules; the body says why it is not confined, if it is not
	kindFound    = 'f' // what was found
	kindTimeout  = 't' // libyara took too long
	kindFailed   = 'e' // libyara gave an error; the body says which
	kindProgress = 'p' // the compiler begins with a file; the body is its number
	kindResult   = 'c' // the compiler is done
)

var errMessage = errors.New("a message that makes no sense")

// request asks for a scan.
type request struct {
	number uint32 // the reply has it, too
	set    int    // of rules
	depth  int    // which region of memory
	size   uint64 // bytes of it
	values []string
}

// appendRequest appends the message.
func appendRequest(b []byte, r request) []byte {
	at := len(b)
	b = append(b, 0, 0, 0, 0, kindScan)
	b = binary.LittleEndian.AppendUint32(b, r.number)
	b = append(b, byte(r.set), byte(r.depth))
	b = binary.LittleEndian.AppendUint64(b, r.size)
	for _, v := range r.values {
		b = binary.LittleEndian.AppendUint32(b, uint32(len(v)+1))
		b = append(append(b, v...), 0) // as C has it
	}
	binary.LittleEndian.PutUint32(b[at:], uint32(len(b)-at-lengthSize))
	return b
}

// decodeRequest reads the body of a request, whose values it puts into the slice in r. variables says how many of them each set
// of rules takes.
func decodeRequest(body []byte, r *request, variables []int) error {
	c := cursor{rest: body}
	r.number = c.uint32()
	r.set, r.depth = int(c.uint8()), int(c.uint8())
	r.size = c.uint64()
	r.values = r.values[:0]
	if c.short || r.set >= len(variables) || r.depth >= scanner.Depths || r.size > 1<<47 {
		return errMessage
	}
	for range variables[r.set] {
		v := c.bytes(int(c.uint32()))
		if len(v) == 0 || v[len(v)-1] != 0 {
			return errMessage
		}
		r.values = append(r.values, string(v[:len(v)-1]))
	}
	return c.end()
}

// hit is a rule that matched.
type hit struct {
	rule   int
	places []place
}

// place is where a string of the rule is in the file.
type place struct {
	name   int // number of the string in the rule
	offset int64
	length int
}

// appendHit appends a rule that matched to the body of a reply.
func appendHit(b []byte, h hit) []byte {
	b = binary.LittleEndian.AppendUint32(b, uint32(h.rule))
	b = append(b, byte(len(h.places)))
	for _, p := range h.places {
		b = binary.LittleEndian.AppendUint16(b, uint16(p.name))
		b = binary.LittleEndian.AppendUint64(b, uint64(p.offset))
		b = binary.LittleEndian.AppendUint32(b, uint32(p.length))
	}
	return b
}

// decodeHits reads what was found in a file of a size by the rules of a table. What cannot be is an error.
func decodeHits(body []byte, table []rule, size int64) (hits []hit, err error) {
	for c := (cursor{rest: body}); len(c.rest) > 0; {
		h := hit{rule: int(c.uint32())}
		n := int(c.uint8())
		if c.short || h.rule >= len(table) || n > maxPlaces || len(hits) == maxRules {
			return nil, errMessage
		}
		for range n {
			p := place{int(c.uint16()), int64(c.uint64()), int(c.uint32())}
			if c.short || p.name >= len(table[h.rule].Strings) || p.offset < 0 || p.offset > size || int64(p.length) > size-p.offset {
				return nil, errMessage
			}
			h.places = append(h.places, p)
		}
		hits = append(hits, h)
	}
	return hits, nil
}

// cursor reads numbers; after the end they are 0, and short.
type cursor struct {
	rest  []byte
	short bool
}

func (c *cursor) bytes(n int) []byte {
	if n < 0 || n > len(c.rest) {
		c.short, c.rest = true, nil
		return nil
	}
	b := c.rest[:n]
	c.rest = c.rest[n:]
	return b
}

func (c *cursor) number(n int) (v uint64) {
	for i, b := range c.bytes(n) {
		v |= uint64(b) << (8 * i)
	}
	return v
}

func (c *cursor) uint8() uint8   { return uint8(c.number(1)) }
func (c *cursor) uint16() uint16 { return uint16(c.number(2)) }
func (c *cursor) uint32() uint32 { return uint32(c.number(4)) }
func (c *cursor) uint64() uint64 { return c.number(8) }

func (c *cursor) end() error {
	if c.short || len(c.rest) > 0 {
		return errMessage
	}
	return nil
}

// message is a whole message for writing.
func message(kind byte, body []byte) []byte {
	b := binary.LittleEndian.AppendUint32(make([]byte, 0, headSize+len(body)), uint32(1+len(body)))
	return append(append(b, kind), body...)
}

// receive reads one message into buf, which it grows, and returns its kind and body. The first bytes of it may be there. One call
// of the kernel is enough for a short one: the other side writes no second message before it is asked to. The end of the pipe
// is io.EOF.
func receive(fd int, buf *[]byte, have, limit int) (kind byte, body []byte, err error) {
	b := (*buf)[:cap(*buf)]
	for want := headSize; ; {
		if have < want {
			n, err := readSome(fd, b[have:])
			if err != nil {
				return 0, nil, err
			}
			have += n
		}
		if have < headSize {
			continue
		}
		length := binary.LittleEndian.Uint32(b)
		if length < 1 || int64(length) > int64(limit) {
			return 0, nil, fmt.Errorf("%w: %d bytes", errMessage, length)
		}
		want = lengthSize + int(length)
		if want > len(b) {
			b = append(make([]byte, 0, want), b[:have]...)[:want]
			*buf = b
		}
		switch {
		case have > want:
			return 0, nil, fmt.Errorf("%w: %d bytes after it", errMessage, have-want)
		case have == want:
			return b[lengthSize], b[headSize:want], nil
		}
	}
}

func readSome(fd int, b []byte) (int, error) {
	for {
		n, err := unix.Read(fd, b)
		switch {
		case err == unix.EINTR:
		case err != nil:
			return 0, err
		case n <= 0:
			return 0, io.EOF
		default:
			return n, nil
		}
	}
}

func writeAll(fd int, b []byte) error {
	for len(b) > 0 {
		n, err := unix.Write(fd, b)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return err
		}
		b = b[n:]
	}
	return nil
}
