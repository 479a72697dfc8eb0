package hivetest

import (
	"cmp"
	"encoding/binary"
	"slices"
	"strings"
	"unicode/utf16"
)

const (
	baseSize   = 4096
	binSize    = 4096
	binHeader  = 32
	leafMax    = 500   // keys in a list, after which there is a list of lists
	segment    = 16344 // bytes
	nowhere    = 0xffffffff
	latin1Key  = 0x20
	rootFlags  = 0x04 | 0x08
	inPlace    = 1 << 31
	latin1Name = 1
)

// writer puts cells into hive bins.
type writer struct {
	bins  []byte
	begin int // of the last bin
	free  int // where its next cell goes
}

// cell makes a cell for n bytes and returns its offset and its content. The content is good until the next cell is made.
func (w *writer) cell(n int) (off uint32, content []byte) {
	size := (n + 4 + 7) &^ 7
	if w.free+size > len(w.bins) {
		w.close()
		w.begin = len(w.bins)
		w.bins = append(w.bins, make([]byte, (binHeader+size+binSize-1)/binSize*binSize)...)
		copy(w.bins[w.begin:], "hbin")
		w.put(w.begin+4, uint32(w.begin))
		w.put(w.begin+8, uint32(len(w.bins)-w.begin))
		if w.begin == 0 {
			binary.LittleEndian.PutUint64(w.bins[20:], Written)
		}
		w.free = w.begin + binHeader
	}
	at := w.free
	w.free += size
	w.put(at, uint32(-size))
	return uint32(at), w.bins[at+4 : at+size]
}

// close makes a free cell of what is left of the last bin.
func (w *writer) close() {
	if w.free < len(w.bins) {
		w.put(w.free, uint32(len(w.bins)-w.free))
		w.free = len(w.bins)
	}
}

func (w *writer) put(off int, n uint32) { binary.LittleEndian.PutUint32(w.bins[off:], n) }

// list makes a cell of numbers.
func (w *writer) list(numbers []uint32) uint32 {
	off, b := w.cell(4 * len(numbers))
	for i, n := range numbers {
		binary.LittleEndian.PutUint32(b[4*i:], n)
	}
	return off
}

// raw makes a cell of bytes.
func (w *writer) raw(data []byte) uint32 {
	off, b := w.cell(len(data))
	copy(b, data)
	return off
}

// security makes the one security descriptor: everyone may do everything, since it has no list of who may what.
func (w *writer) security() uint32 {
	descriptor := make([]byte, 20)
	descriptor[0], descriptor[3] = 1, 0x80
	off, b := w.cell(20 + len(descriptor))
	copy(b, "sk")
	le := binary.LittleEndian
	for at, n := range map[int]uint32{4: off, 8: off, 12: 1, 16: uint32(len(descriptor))} {
		le.PutUint32(b[at:], n)
	}
	copy(b[20:], descriptor)
	return off
}

func (w *writer) key(k *Key, parent, security uint32, flags uint16) uint32 {
	name, latin1 := encode(k.Name)
	if latin1 {
		flags |= latin1Key
	}
	off, b := w.cell(76 + len(name))
	le := binary.LittleEndian
	copy(b, "nk")
	le.PutUint16(b[2:], flags)
	le.PutUint64(b[4:], Written)
	le.PutUint16(b[72:], uint16(len(name)))
	le.PutUint16(b[74:], uint16(2*len(utf16.Encode([]rune(k.Class)))))
	copy(b[76:], name)
	at := int(off) + 4
	fields := map[int]uint32{
		16: parent, 20: uint32(len(k.Keys)), 28: nowhere, 32: nowhere, 36: uint32(len(k.Values)), 40: nowhere, 44: security, 48: nowhere,
	}
	if k.Class != "" {
		fields[48] = w.raw(UTF16(k.Class))
	}
	if len(k.Values) > 0 {
		fields[40] = w.values(k.Values)
	}
	if len(k.Keys) > 0 {
		fields[28] = w.keys(k.Keys, off, security)
	}
	for field, n := range fields {
		w.put(at+field, n)
	}
	return off
}

// keys makes the subkeys and the list of them, which is sorted and hashed.
func (w *writer) keys(keys []*Key, parent, security uint32) uint32 {
	sorted := slices.SortedFunc(slices.Values(keys), func(a, b *Key) int { return cmp.Compare(strings.ToUpper(a.Name), strings.ToUpper(b.Name)) })
	var leaves []uint32
	for some := range slices.Chunk(sorted, leafMax) {
		var numbers []uint32
		for _, k := range some {
			numbers = append(numbers, w.key(k, parent, security, 0), hash(k.Name))
		}
		leaves = append(leaves, w.index("lh", len(some), numbers))
	}
	if len(leaves) == 1 {
		return leaves[0]
	}
	return w.index("ri", len(leaves), leaves)
}

func (w *writer) index(kind string, n int, numbers []uint32) uint32 {
	off, b := w.cell(4 + 4*len(numbers))
	copy(b, kind)
	binary.LittleEndian.PutUint16(b[2:], uint16(n))
	for i, n := range numbers {
		binary.LittleEndian.PutUint32(b[4+4*i:], n)
	}
	return off
}

func (w *writer) values(values []Value) uint32 {
	var offs []uint32
	for _, v := range values {
		offs = append(offs, w.value(v))
	}
	return w.list(offs)
}

func (w *writer) value(v Value) uint32 {
	name, latin1 := encode(v.Name)
	size := uint32(len(v.Data))
	var data uint32
	switch {
	case len(v.Data) <= 4:
		size |= inPlace
		data = binary.LittleEndian.Uint32(append(slices.Clone(v.Data), 0, 0, 0, 0))
	case len(v.Data) <= segment:
		data = w.raw(v.Data)
	default:
		data = w.segments(v.Data)
	}
	off, b := w.cell(20 + len(name))
	le := binary.LittleEndian
	copy(b, "vk")
	le.PutUint16(b[2:], uint16(len(name)))
	le.PutUint32(b[4:], size)
	le.PutUint32(b[8:], data)
	le.PutUint32(b[12:], v.Type)
	if latin1 {
		le.PutUint16(b[16:], latin1Name)
	}
	copy(b[20:], name)
	return off
}

func (w *writer) segments(data []byte) uint32 {
	var offs []uint32
	for s := range slices.Chunk(data, segment) {
		offs = append(offs, w.raw(s))
	}
	list := w.list(offs)
	off, b := w.cell(8)
	copy(b, "db")
	binary.LittleEndian.PutUint16(b[2:], uint16(len(offs)))
	binary.LittleEndian.PutUint32(b[4:], list)
	return off
}

// encode is a name as hives have it: a byte for each character where that can be.
func encode(name string) (b []byte, latin1 bool) {
	for _, r := range name {
		if r > 0xff {
			return UTF16(name), false
		}
		b = append(b, byte(r))
	}
	return b, true
}

// hash is the hash of a name in a list.
func hash(name string) uint32 {
	var n uint32
	for _, u := range utf16.Encode([]rune(strings.ToUpper(name))) {
		n = 37*n + uint32(u)
	}
	return n
}
