package boot

import (
	"bytes"
	"debug/elf"
	"io"
	"strings"

	"github.com/ulikunitz/xz/lzma"

	"github.com/guestctl/guestctl/engine/binread"
)

const (
	maxCore     = 8 << 20  // bytes of a core image
	maxUnpacked = 32 << 20 // bytes of it unpacked
	maxModules  = 1000
)

const moduleMagic = "mimg"

// The types of what a core image holds (include/grub/kernel.h).
const (
	objectELF     = 0
	objectMemdisk = 1
	objectConfig  = 2
	objectPrefix  = 3
)

// core is GRUB's core image, unpacked.
type core struct {
	modules map[string][]byte // ELF files by name
	prefix  string
	config  string
	memdisk []byte
}

// readCore reads the core image by the lists of blocks in its first sector (grub-core/boot/i386/pc/diskboot.S): from the end down,
// each a sector, how many, and the segment that they are loaded to.
func readCore(disk io.ReaderAt, size, start int64) ([]byte, error) {
	image, err := binread.ReadAt(disk, start*sector, sector, sector)
	if err != nil {
		return nil, err
	}
	const entry, lowest = 12, 0x14c
	for at := sector - entry; at >= lowest; at -= entry {
		c := binread.Little(image[at : at+entry])
		from, n := c.U64(), int64(c.U16())
		if n == 0 {
			return image, nil
		}
		if from >= uint64(size/sector) {
			return nil, binread.Corrupt("list of blocks names sector %d of %d", from, size/sector)
		}
		if int64(len(image))+n*sector > maxCore {
			return nil, binread.Limit("core image of more than %d bytes", maxCore)
		}
		more, err := binread.ReadAt(disk, int64(from)*sector, n*sector, maxCore)
		if err != nil {
			return nil, err
		}
		image = append(image, more...)
	}
	return nil, binread.Corrupt("list of blocks without an end")
}

// The header behind the first sector of a core image (grub-core/boot/i386/pc/startup_raw.S).
const (
	compressedAt   = sector + 0x08
	uncompressedAt = sector + 0x0c
	redundancyAt   = sector + 0x10
)

// redundant reports whether the image has Reed-Solomon codes, with which GRUB repairs damage as it starts.
func redundant(image []byte) bool {
	c := binread.Little(image)
	return c.At(redundancyAt).U32() != 0 && c.Err() == nil
}

// unpackCore unpacks what follows the decompressor, whose size is that of lzma_decompress.img.
func unpackCore(image []byte, decompressor int) (*core, error) {
	c := binread.Little(image)
	packed, unpacked := int64(c.At(compressedAt).U32()), int64(c.At(uncompressedAt).U32())
	begin := int64(sector + decompressor)
	switch {
	case c.Err() != nil:
		return nil, c.Err()
	case packed == 0 || packed > int64(len(image))-begin:
		return nil, binread.Corrupt("compressed size %d of a core image of %d bytes", packed, len(image))
	case unpacked == 0 || unpacked > maxUnpacked:
		return nil, binread.Limit("unpacked size %d, want at most %d", unpacked, maxUnpacked)
	}
	// The header that the library wants and GRUB leaves out: lc 3, lp 0, pb 2 and a dictionary of 64 KiB (util/mkimage.c).
	header := []byte{0x5d, 0, 0, 1, 0, byte(unpacked), byte(unpacked >> 8), byte(unpacked >> 16), byte(unpacked >> 24), 0, 0, 0, 0}
	r, err := lzma.NewReader(io.MultiReader(bytes.NewReader(header), bytes.NewReader(image[begin:begin+packed])))
	if err != nil {
		return nil, binread.Corrupt("core image: %w", err)
	}
	b := make([]byte, unpacked)
	if _, err := io.ReadFull(r, b); err != nil {
		return nil, binread.Corrupt("core image does not unpack: %w", err)
	}
	return parseCore(b)
}

// parseCore finds the list of modules behind GRUB's kernel.
func parseCore(b []byte) (*core, error) {
	for at := 0; ; at += len(moduleMagic) {
		i := bytes.Index(b[at:], []byte(moduleMagic))
		if i < 0 {
			return nil, binread.Corrupt("the unpacked core image has no list of modules")
		}
		at += i
		if c := objects(b[at:], narrowInfo); c != nil {
			return c, nil
		}
	}
}

// narrowInfo and wideInfo read struct grub_module_info32 and grub_module_info64, which stand before the objects.
func narrowInfo(c *binread.Cursor) (length int, off, size uint64) {
	return 12, uint64(c.At(4).U32()), uint64(c.At(8).U32())
}

func wideInfo(c *binread.Cursor) (length int, off, size uint64) {
	return 24, c.At(8).U64(), c.At(16).U64()
}

// objects reads the objects behind the header that info reads; nil when it is none.
func objects(b []byte, info func(*binread.Cursor) (int, uint64, uint64)) *core {
	c := binread.Little(b)
	magic := string(c.Bytes(len(moduleMagic)))
	length, off, size := info(&c)
	if c.Err() != nil || magic != moduleMagic || off < uint64(length) || size <= off || size > uint64(len(b)) {
		return nil
	}
	found := &core{modules: map[string][]byte{}}
	rest := b[off:size]
	for n := 0; len(rest) > 0 && n < maxModules; n++ {
		c := binread.Little(rest)
		kind, n := c.U32(), int64(c.U32())
		if c.Err() != nil || n < 8 || n > int64(len(rest)) {
			return nil
		}
		content := rest[8:n]
		switch kind {
		case objectELF:
			name := moduleName(content)
			if name == "" {
				return nil
			}
			found.modules[name] = content
		case objectMemdisk:
			found.memdisk = content
		case objectConfig:
			found.config = string(bytes.TrimRight(content, "\x00"))
		case objectPrefix:
			found.prefix = string(bytes.TrimRight(content, "\x00"))
		}
		rest = rest[n:]
	}
	return found
}

// moduleName is what a module says it is called, or "" of what is no module.
func moduleName(content []byte) string {
	var name string
	err := guarded(func() error {
		f, err := elf.NewFile(bytes.NewReader(content))
		if err != nil {
			return err
		}
		s := f.Section(".modname")
		if s == nil || s.Size > 256 {
			return binread.Corrupt("no name")
		}
		b, err := s.Data()
		name, _, _ = strings.Cut(string(b), "\x00")
		return err
	})
	if err != nil {
		return ""
	}
	return name
}
