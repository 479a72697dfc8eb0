package hive

import (
	"fmt"
	"io/fs"
	"slices"

	"github.com/guestctl/guestctl/engine/binread"
)

const (
	maxValues  = 1 << 20  // values of a key
	maxData    = 64 << 20 // bytes of the values of a key that are read at once
	maxSegment = 16344    // bytes of a segment of big data

	valueSize       = 20 // bytes of a value before its name
	valueInLatin1   = 0x0001
	valueTombstone  = 0x0002 // a differencing hive: the value is taken away
	dataInPlace     = 1 << 31
	inPlaceMax      = 4
	bigDataFrom     = 4 // minor version
	bigDataSize     = 8 // bytes of the record
	maxValueNameLen = 1 << 16
)

// Values returns the values in the order of the hive. With ErrCorrupt come those that could be read.
func (k Key) Values() ([]Value, error) {
	offs, err := k.valueOffsets()
	var wrong binread.Errors
	wrong.Add(err)
	all, left := make([]Value, 0, len(offs)), int64(maxData)
	for _, off := range offs {
		v, err := k.hive.valueAt(off)
		if err == nil && !v.gone {
			left -= v.size
			v.Data, err = v.read(k.hive, left)
		}
		switch {
		case err != nil:
			wrong.Add(err)
		case !v.gone:
			all = append(all, v.Value)
		}
	}
	return all, k.damaged(wrong.Err())
}

// Value returns the value of a name, in any case; "" is the default value. A value that is absent is fs.ErrNotExist, and one that may be
// among what is damaged is ErrCorrupt.
func (k Key) Value(name string) (Value, error) {
	offs, err := k.valueOffsets()
	var wrong binread.Errors
	wrong.Add(err)
	for _, off := range offs {
		v, err := k.hive.valueAt(off)
		if err != nil {
			wrong.Add(err)
			continue
		}
		if v.gone || !sameName(v.Name, name) {
			continue
		}
		if v.Data, err = v.read(k.hive, maxData-v.size); err != nil {
			return Value{}, k.damaged(err)
		}
		return v.Value, nil
	}
	if err := wrong.Err(); err != nil {
		return Value{}, k.damaged(err)
	}
	return Value{}, fmt.Errorf("hive: key %q: value %q: %w", k.name, name, fs.ErrNotExist)
}

func (k Key) valueOffsets() ([]uint32, error) {
	if k.values == 0 {
		return nil, nil
	}
	if k.values > maxValues {
		return nil, binread.Limit("%d values, want at most %d", k.values, maxValues)
	}
	offs, err := k.hive.offsets(k.data, int(k.values))
	if err != nil {
		return nil, err
	}
	seen := make(map[uint32]bool, len(offs))
	once := slices.DeleteFunc(offs, func(off uint32) bool {
		twice := seen[off]
		seen[off] = true
		return twice
	})
	if n := int(k.values) - len(once); n > 0 {
		err = binread.Corrupt("%d of %d values are in their list twice", n, k.values)
	}
	return once, err
}

// offsets reads a list of n offsets.
func (h *Hive) offsets(off uint32, n int) ([]uint32, error) {
	c, err := h.cell(off)
	if err != nil {
		return nil, err
	}
	b, err := h.content(c, 0, int64(n)*4, maxValues*4)
	if err != nil {
		return nil, err
	}
	all := make([]uint32, n)
	d := binread.Little(b)
	for i := range all {
		all[i] = d.U32()
	}
	return all, nil
}

// stored is a value as it is stored, before its data is read.
type stored struct {
	Value
	off  uint32 // of its cell
	size int64  // bytes of data
	data uint32 // cell of the data
	raw  []byte // data that is in place of it
	gone bool
}

// valueAt decodes the value in the cell at off.
func (h *Hive) valueAt(off uint32) (stored, error) {
	c, err := h.cell(off)
	if err != nil {
		return stored{}, err
	}
	b, err := h.content(c, 0, valueSize, valueSize)
	if err != nil {
		return stored{}, err
	}
	d := binread.Little(b)
	if string(d.Bytes(2)) != "vk" {
		return stored{}, binread.Corrupt("cell at %#x: signature %q, want \"vk\"", off, b[:2])
	}
	length, size := d.U16(), d.U32()
	v := stored{off: off, size: int64(size &^ dataInPlace), raw: b[8:12:12]}
	v.data, v.Type = d.U32(), Type(d.U32())
	flags := d.U16()
	v.gone = flags&valueTombstone != 0 && h.minor >= differencing
	raw, err := h.content(c, valueSize, int64(length), maxValueNameLen)
	if err != nil {
		return stored{}, err
	}
	v.Name = name(raw, flags&valueInLatin1 != 0)
	switch {
	case size&dataInPlace == 0:
		v.raw = nil
	case v.size > inPlaceMax:
		return stored{}, binread.Corrupt("value at %#x: %d bytes in place, want at most %d", off, v.size, inPlaceMax)
	}
	return v, nil
}

// read returns the data of the value. Left is how much more may be read beside it.
func (v stored) read(h *Hive, left int64) ([]byte, error) {
	switch {
	case v.raw != nil:
		return append([]byte(nil), v.raw[:v.size]...), nil
	case v.size == 0:
		return nil, nil
	case left < 0:
		return nil, binread.Limit("value at %#x: the values of its key have more than %d bytes", v.off, maxData)
	}
	c, err := h.cell(v.data)
	if err != nil {
		return nil, err
	}
	if v.size > maxSegment && h.minor >= bigDataFrom && c.n < v.size {
		return h.bigData(c, v)
	}
	b, err := h.content(c, 0, v.size, maxData)
	return append([]byte(nil), b...), err
}

// bigData reads data that lies in segments.
func (h *Hive) bigData(c cell, v stored) ([]byte, error) {
	b, err := h.content(c, 0, bigDataSize, bigDataSize)
	if err != nil {
		return nil, err
	}
	d := binread.Little(b)
	want := (v.size + maxSegment - 1) / maxSegment
	if signature, n := d.Bytes(2), d.U16(); string(signature) != "db" || int64(n) != want {
		return nil, binread.Corrupt("value at %#x: %d bytes in %q of %d segments, want \"db\" of %d", v.off, v.size, signature, n, want)
	}
	offs, err := h.offsets(d.U32(), int(want))
	if err != nil {
		return nil, err
	}
	data := make([]byte, 0, v.size)
	for _, off := range offs {
		segment, err := h.cell(off)
		if err != nil {
			return nil, err
		}
		b, err := h.content(segment, 0, min(maxSegment, v.size-int64(len(data))), maxSegment)
		if err != nil {
			return nil, err
		}
		data = append(data, b...)
	}
	return data, nil
}
