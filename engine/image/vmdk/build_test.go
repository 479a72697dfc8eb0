package vmdk

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"github.com/klauspost/compress/zlib"

	"github.com/guestctl/guestctl/internal/conformance"
)

// file is a container as bytes. Its tables are where qemu-img puts them: of one grain table, and its copy.
type file []byte

func (f file) u32(at int) uint32      { return binary.LittleEndian.Uint32(f[at:]) }
func (f file) u64(at int) uint64      { return binary.LittleEndian.Uint64(f[at:]) }
func (f file) set16(at int, v uint16) { binary.LittleEndian.PutUint16(f[at:], v) }
func (f file) set32(at int, v uint32) { binary.LittleEndian.PutUint32(f[at:], v) }
func (f file) set64(at int, v uint64) { binary.LittleEndian.PutUint64(f[at:], v) }
func (f file) directory() int         { return int(f.u64(0x38)) * sectorSize }
func (f file) redundant() int         { return int(f.u64(0x30)) * sectorSize }
func (f file) table() int             { return int(f.u32(f.directory())) * sectorSize }
func (f file) copy() int              { return int(f.u32(f.redundant())) * sectorSize }
func (f file) setGrain(i int, v uint32) { // in both tables
	f.set32(f.table()+4*i, v)
	f.set32(f.copy()+4*i, v)
}
func (f file) grain(i int) int { return int(f.u32(f.table()+4*i)) * sectorSize }

// replace changes the text of the descriptor, which must have it.
func (f file) replace(old, text string) file {
	if !bytes.Contains(f, []byte(old)) {
		panic("no " + old)
	}
	out := bytes.Replace(f, []byte(old), []byte(text), 1)
	if at := bytes.Index(out, []byte("# Disk")); at > 0 && len(f) > 4096 { // it is embedded: the rest stays where it is
		end := at + bytes.IndexByte(out[at:], 0)
		if len(out) > len(f) {
			out = append(out[:end:end], out[end+len(out)-len(f):]...)
		} else {
			out = append(append(out[:end:end], make([]byte, len(f)-len(out))...), out[end:]...)
		}
	}
	return out
}

func read(tb testing.TB, name string) file {
	tb.Helper()
	return conformance.Unpack(tb, name)
}

// text is a descriptor with the given lines of extents.
func text(extents ...string) file {
	return file("# Disk DescriptorFile\nversion=1\nCID=00000001\nparentCID=ffffffff\ncreateType=\"custom\"\n" + strings.Join(extents, "\n") + "\n")
}

// packGrain puts a compressed grain behind the file, as grain 0.
func packGrain(f file, sector uint64, size int, z []byte) file {
	at := (len(f) + sectorSize - 1) / sectorSize
	f = append(f, make([]byte, at*sectorSize-len(f))...)
	f.setGrain(0, uint32(at))
	head := make([]byte, markerSize)
	binary.LittleEndian.PutUint64(head, sector)
	binary.LittleEndian.PutUint32(head[8:], uint32(size))
	f = append(append(f, head...), z...)
	return append(f, make([]byte, sectorSize)...)
}

func deflated(b []byte) []byte {
	var z bytes.Buffer
	w := zlib.NewWriter(&z)
	_, _ = w.Write(b)
	_ = w.Close()
	return z.Bytes()
}

// flats are lines of many extents.
func flats(n int) []string {
	var all []string
	for i := range n {
		all = append(all, fmt.Sprintf("RW 1 FLAT \"flat\" %d", i))
	}
	return all
}
