package iso9660

import (
	"fmt"
	"slices"

	"github.com/guestctl/guestctl/engine/binread"
)

const (
	elTorito      = "EL TORITO SPECIFICATION"
	bootEntrySize = 32

	headerMore    = 0x90 // a section header that others follow
	headerLast    = 0x91
	entryBootable = 0x88
)

// describeBoot says from what the volume boots: the entries of the boot catalogue (Phoenix and IBM, "El Torito", 1.0), and boot code for
// a disk in front of the file system.
func (f *FS) describeBoot(v *descriptors) {
	if b, err := f.block(0); err == nil && b[510] == 0x55 && b[511] == 0xaa {
		f.features = append(f.features, "boot sector of a disk")
	}
	if !v.bootable {
		return
	}
	b, err := f.block(v.catalog)
	if err == nil {
		err = checkCatalog(b)
	}
	if err != nil {
		f.problem(false, "boot catalogue: %v", err)
		return
	}
	platform := b[1]
	f.addBoot(platform, b[bootEntrySize])
	for at := 2 * bootEntrySize; at < len(b); {
		kind, count := b[at], int(b[at+2])|int(b[at+3])<<8
		if kind != headerMore && kind != headerLast {
			return
		}
		platform = b[at+1]
		at += bootEntrySize
		for ; count > 0 && at < len(b); at, count = at+bootEntrySize, count-1 {
			f.addBoot(platform, b[at])
		}
		if kind == headerLast {
			return
		}
	}
}

// checkCatalog checks the validation entry of a boot catalogue.
func checkCatalog(b []byte) error {
	c := binread.Little(b[:bootEntrySize])
	sum := uint16(0)
	for range bootEntrySize / 2 {
		sum += c.U16()
	}
	switch {
	case b[0] != 1 || b[30] != 0x55 || b[31] != 0xaa:
		return binread.Corrupt("no validation entry")
	case sum != 0:
		return binread.Checksum("the words of the validation entry add up to %#x, want 0", sum)
	}
	return nil
}

func (f *FS) addBoot(platform, indicator byte) {
	if indicator != entryBootable {
		return
	}
	name := fmt.Sprintf("%#x", platform)
	switch platform {
	case 0:
		name = "x86"
	case 1:
		name = "PowerPC"
	case 2:
		name = "Mac"
	case 0xef:
		name = "EFI"
	}
	if name = "El Torito (" + name + ")"; !slices.Contains(f.features, name) {
		f.features = append(f.features, name)
	}
}
