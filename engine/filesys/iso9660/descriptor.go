package iso9660

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
)

const (
	standardID      = "CD001"
	firstDescriptor = 16 // block of the first volume descriptor
	maxDescriptors  = 64

	typeBoot          = 0
	typePrimary       = 1
	typeSupplementary = 2
	typeTerminator    = 255

	rootRecordOff = 156 // of the root's directory record in a descriptor
)

// jolietEscapes are the escape sequences of UCS-2 level 1, 2 and 3 (Joliet specification, 3.2).
var jolietEscapes = []string{"%/@", "%/C", "%/E"}

// descriptor is a primary or supplementary volume descriptor (ECMA-119, 8.4 and 8.5).
type descriptor struct {
	found     bool
	number    uint32 // of its block
	label     string // volume identifier
	blocks    uint32 // volume space size
	blockSize uint16 // logical block size, bytes
	escapes   []byte // escape sequences of a supplementary one
	created   string // digits of the volume creation date and time
	modified  string
}

func decodeDescriptor(b []byte, number uint32) descriptor {
	c := binread.Little(b)
	return descriptor{
		found:     true,
		number:    number,
		label:     string(c.At(40).Bytes(32)),
		blocks:    c.At(80).U32(),
		escapes:   slices.Clone(c.At(88).Bytes(32)),
		blockSize: c.At(128).U16(),
		created:   string(c.At(813).Bytes(16)),
		modified:  string(c.At(830).Bytes(16)),
	}
}

func (d *descriptor) size() int64 { return int64(d.blocks) * blockSize }

func (d *descriptor) rootNode() filesys.Node {
	return filesys.Node(int64(d.number)*blockSize + rootRecordOff)
}

func (d *descriptor) isJoliet() bool {
	return slices.ContainsFunc(jolietEscapes, func(s string) bool { return bytes.HasPrefix(d.escapes, []byte(s)) })
}

// uuid is the time of the last change, or of the making, as blkid(8) writes it.
func (d *descriptor) uuid() string {
	t := d.modified
	if strings.Trim(t, "0\x00") == "" {
		t = d.created
	}
	if strings.Trim(t, "0\x00") == "" || strings.Trim(t, "0123456789") != "" {
		return ""
	}
	return strings.Join([]string{t[:4], t[4:6], t[6:8], t[8:10], t[10:12], t[12:14], t[14:]}, "-")
}

// descriptors is what the volume descriptors say.
type descriptors struct {
	primary, joliet descriptor
	catalog         uint32 // block of the boot catalogue of El Torito
	bootable        bool
	udf             bool
}

func (f *FS) readDescriptors() (v descriptors, err error) {
	number := uint32(firstDescriptor)
	for ended := false; !ended; number++ {
		if number == firstDescriptor+maxDescriptors {
			return v, binread.Limit("more than %d volume descriptors", maxDescriptors)
		}
		b, err := f.block(number)
		if err != nil {
			return v, fmt.Errorf("volume descriptor: %w", err)
		}
		if string(b[1:6]) != standardID {
			f.problem(false, "the volume descriptors have no terminator")
			break
		}
		ended = v.take(b, number)
	}
	v.udf = f.findUDF(number)
	switch {
	case !v.primary.found:
		return v, binread.Corrupt("no primary volume descriptor")
	case v.primary.blockSize != blockSize:
		return v, binread.Unsupported("logical blocks of %d bytes, want %d", v.primary.blockSize, blockSize)
	case v.joliet.found && v.joliet.blockSize != blockSize:
		f.problem(false, "the tree of Joliet has logical blocks of %d bytes, want %d: it is not read", v.joliet.blockSize, blockSize)
		v.joliet.found = false
	}
	return v, nil
}

// take keeps what a descriptor says, of several the first. It reports whether the descriptor is the last.
func (v *descriptors) take(b []byte, number uint32) (last bool) {
	switch b[0] {
	case typePrimary:
		if !v.primary.found {
			v.primary = decodeDescriptor(b, number)
		}
	case typeSupplementary:
		if d := decodeDescriptor(b, number); d.isJoliet() && !v.joliet.found {
			v.joliet = d
		}
	case typeBoot:
		if !v.bootable && bytes.HasPrefix(b[7:], []byte(elTorito)) {
			c := binread.Little(b)
			v.bootable, v.catalog = true, c.At(0x47).U32()
		}
	}
	return b[0] == typeTerminator
}

// findUDF looks for the volume recognition sequence of UDF, which follows the descriptors (ECMA-167, part 2).
func (f *FS) findUDF(number uint32) bool {
	for range 3 {
		b, err := f.block(number)
		if err != nil {
			return false
		}
		if id := string(b[1:6]); id == "NSR02" || id == "NSR03" {
			return true
		}
		number++
	}
	return false
}
