package archive

import (
	"bytes"
	"hash"
	"hash/crc32"
	"io"

	"github.com/klauspost/compress/flate"
	"github.com/ulikunitz/xz/lzma"

	"github.com/guestctl/guestctl/engine/binread"
)

// Bits of the flags of a member.
const (
	zipEncrypted  = 1 << 0
	zipLZMAEnd    = 1 << 1 // with method 14: the content ends with a marker
	zipDescriptor = 1 << 3 // sizes and checksum stand behind the content
)

// zipEntry is a member as the central directory has it, or its local header.
type zipEntry struct {
	name          []byte
	flags, method uint16
	crc           uint32
	packed, size  int64 // bytes; size is -1 where nobody knows
	at            int64 // of its local header, in the file
}

// nextZipEntry decodes an entry of the central directory.
func nextZipEntry(c *binread.Cursor, base int64) zipEntry {
	var e zipEntry
	c.Skip(8)
	e.flags, e.method = c.U16(), c.U16()
	c.Skip(4)
	e.crc = c.U32()
	packed, size := uint64(c.U32()), uint64(c.U32())
	nameSize, extraSize, commentSize := int(c.U16()), int(c.U16()), int(c.U16())
	c.Skip(8)
	at := uint64(c.U32())
	e.name = c.Bytes(nameSize)
	zip64(c.Bytes(extraSize), &size, &packed, &at)
	c.Skip(commentSize)
	e.packed, e.size, e.at = clamp(packed), clamp(size), clamp(at)
	if e.at <= 1<<62 {
		e.at += base
	}
	return e
}

// zip64 takes the fields that do not fit into 32 bits out of their extra field.
func zip64(extra []byte, fields ...*uint64) {
	c := binread.Little(extra)
	for c.Len() >= 4 {
		id, size := c.U16(), int(c.U16())
		data := binread.Little(c.Bytes(min(size, c.Len())))
		if id != 1 {
			continue
		}
		for _, f := range fields {
			if *f == 1<<32-1 && data.Len() >= 8 {
				*f = data.U64()
			}
		}
		return
	}
}

// clamp makes a number that is no place in any file the largest there is.
func clamp(n uint64) int64 { return int64(min(n, 1<<63-1)) }

// local decodes the header before the content, and tells where the content begins.
func (e zipEntry) local(content []byte) (l zipEntry, data int64, err error) {
	if e.at > int64(len(content)-zipLocalSize) {
		return l, 0, binread.Corrupt("local header at %#x, the file has %#x bytes", e.at, len(content))
	}
	c := binread.Little(content[e.at:])
	if !bytes.Equal(c.Bytes(4), []byte(zipLocal)) {
		return l, 0, binread.Corrupt("no local header at %#x", e.at)
	}
	c.Skip(2)
	l.flags, l.method = c.U16(), c.U16()
	c.Skip(4)
	l.crc = c.U32()
	packed, size := uint64(c.U32()), uint64(c.U32())
	nameSize, extraSize := int(c.U16()), int(c.U16())
	l.name = c.Bytes(nameSize)
	zip64(c.Bytes(extraSize), &size, &packed)
	l.packed, l.size, l.at = clamp(packed), clamp(size), e.at
	return l, e.at + int64(c.Offset()), c.Err()
}

// span is where the header and the content are.
func (e zipEntry) span(content []byte) span {
	_, data, err := e.local(content)
	if err != nil {
		at := min(e.at, int64(len(content)))
		return span{at, at}
	}
	return span{e.at, data + min(e.packed, int64(len(content))-data)}
}

// contradicts tells where the local header is not as the directory has it: programs differ in what they believe.
func (e zipEntry) contradicts(l zipEntry) error {
	switch {
	case !bytes.Equal(e.name, l.name):
		return binread.Corrupt("its local header calls it %.200q", l.name)
	case e.method != l.method:
		return binread.Corrupt("method %d in the central directory, %d in its local header", e.method, l.method)
	case (e.flags^l.flags)&zipEncrypted != 0:
		return binread.Corrupt("the central directory and its local header contradict each other on whether it is encrypted")
	case l.flags&zipDescriptor == 0 && (e.packed != l.packed || e.size != l.size || e.crc != l.crc):
		return binread.Corrupt("the central directory and its local header contradict each other on its size or checksum")
	}
	return nil
}

// zipMember opens one entry of the central directory.
func (w *walker) zipMember(content []byte, e zipEntry) error {
	if e.size == 0 && bytes.HasSuffix(e.name, []byte("/")) {
		return nil // a directory
	}
	name := string(e.name)
	l, data, err := e.local(content)
	if err != nil {
		return w.problem(name, err)
	}
	if err := e.contradicts(l); err != nil {
		if err := w.problem(name, err); err != nil {
			return err
		}
	}
	if e.flags&l.flags&zipEncrypted != 0 {
		return w.problem(name, binread.Encrypted("it has a password"))
	}
	rest := content[data:]
	_, err = w.zipContent(e, rest[:min(e.packed, int64(len(rest)))])
	return err
}

// zipContent unpacks a member, and tells how many bytes of packed that took.
func (w *walker) zipContent(e zipEntry, packed []byte) (n int, err error) {
	src := bytes.NewReader(packed)
	r, err := e.unpack(src, packed)
	if err != nil {
		return 0, w.problem(string(e.name), err)
	}
	defer func() { _ = r.Close() }() // of a reader of memory
	c := &zipChecked{r: w.meter(r), src: src, entry: e, sum: crc32.NewIEEE()}
	err = w.member(Member{string(e.name), e.size, c})
	return len(packed) - src.Len(), err
}

// unpack returns a reader of the content.
func (e zipEntry) unpack(src *bytes.Reader, packed []byte) (io.ReadCloser, error) {
	switch e.method {
	case 0:
		return io.NopCloser(src), nil
	case 8:
		return flate.NewReader(src), nil
	case 12:
		return openBzip2(packed)
	case 14:
		return e.lzma(src)
	case 20, 93:
		return openZstd(packed)
	case 95:
		return openXZ(packed)
	case 99:
		return nil, binread.Encrypted("it has a password")
	}
	return nil, binread.Unsupported("compressed with method %d", e.method)
}

// lzma opens a member whose properties stand before it, in other words than in a file.
func (e zipEntry) lzma(src *bytes.Reader) (io.ReadCloser, error) {
	var h [9]byte // version, size of the properties, properties
	if _, err := io.ReadFull(src, h[:]); err != nil {
		return nil, err
	}
	size := uint64(e.size)
	if e.flags&zipLZMAEnd != 0 {
		size = 1<<64 - 1
	}
	head := append([]byte{}, h[4:]...)
	for i := range 8 {
		head = append(head, byte(size>>(8*i)))
	}
	r, err := lzma.ReaderConfig{DictCap: maxDictionary}.NewReader(io.MultiReader(bytes.NewReader(head), src))
	if err != nil {
		return nil, err
	}
	return io.NopCloser(r), nil
}

// zipChecked tells at the end of a member whether it is what the directory says.
type zipChecked struct {
	r     io.Reader
	src   *bytes.Reader // what it is unpacked from
	entry zipEntry
	sum   hash.Hash32
	n     int64
}

// Read reads, and checks at the end.
func (c *zipChecked) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	_, _ = c.sum.Write(p[:n])
	c.n += int64(n)
	if err != io.EOF || c.entry.size < 0 {
		return n, err
	}
	switch {
	case c.n != c.entry.size:
		return n, binread.Corrupt("it has %d bytes, the archive says %d", c.n, c.entry.size)
	case c.sum.Sum32() != c.entry.crc:
		return n, binread.Corrupt("it has the checksum %08x, the archive says %08x", c.sum.Sum32(), c.entry.crc)
	case c.src.Len() > 0 && c.entry.method == 8:
		return n, binread.Corrupt("%d bytes follow the compressed content", c.src.Len())
	}
	return n, io.EOF
}

// zipStray opens the members that begin between from and to, by their local headers.
func (w *walker) zipStray(content []byte, from, to int) error {
	for from < to {
		i := bytes.Index(content[from:to], []byte(zipLocal))
		if i < 0 {
			return nil
		}
		from += i
		e, data, err := zipEntry{at: int64(from)}.local(content[:to])
		from += len(zipLocal)
		if err != nil {
			continue
		}
		n, err := w.zipLocalMember(content[data:to], e)
		if err != nil {
			return err
		}
		from = int(data) + n
	}
	return nil
}

// zipLocalMember opens the member whose content begins b, and tells how many bytes of it that took.
func (w *walker) zipLocalMember(b []byte, e zipEntry) (int, error) {
	if e.size == 0 && e.flags&zipDescriptor == 0 && bytes.HasSuffix(e.name, []byte("/")) {
		return 0, nil
	}
	if e.flags&zipEncrypted != 0 {
		return 0, w.problem(string(e.name), binread.Encrypted("it has a password"))
	}
	n := int(min(e.packed, int64(len(b))))
	if e.flags&zipDescriptor != 0 {
		e.size = -1
		if n = len(b); e.method == 0 {
			n = nextZipHeader(b)
		}
	}
	return w.zipContent(e, b[:n])
}

// nextZipHeader is where the next header of any kind begins in b, or its length.
func nextZipHeader(b []byte) int {
	n := len(b)
	for _, sig := range []string{"PK\x07\x08", zipLocal, zipCentral} {
		if i := bytes.Index(b[:n], []byte(sig)); i >= 0 {
			n = i
		}
	}
	return n
}
