package boot

import (
	"encoding/binary"
	"strings"

	"github.com/guestctl/guestctl/engine"
	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
)

// Fields of the superblock of ext4, and the features that its readers know.
const (
	compatAt       = 0x5c
	incompatAt     = 0x60
	roCompatAt     = 0x64
	journalInodeAt = 0xe0
	mountOptionsAt = 0x200
	mountOptionsN  = 64

	hasJournal      = 0x4 // COMPAT_HAS_JOURNAL
	journalMagic    = 0xc03b3998
	readOnlyFeature = 0x1000 // RO_COMPAT_READONLY
	// Of Linux 6.12: what it does not know, it does not mount (incompatible) or does not write to (read-only compatible).
	kernelIncompat = 0x2 | 0x4 | 0x8 | 0x10 | 0x40 | 0x80 | 0x100 | 0x200 | 0x400 | 0x2000 | 0x4000 | 0x8000 | 0x10000 | 0x20000
	kernelRoCompat = 0x1 | 0x2 | 0x4 | 0x8 | 0x10 | 0x20 | 0x40 | 0x100 | 0x200 | 0x400 | readOnlyFeature | 0x2000 | 0x8000 | 0x10000
	// Of GRUB (grub-core/fs/ext2.c of 2.12, and of the 2.06 of distributions).
	grubIncompat = 0x2 | 0x4 | 0x10 | 0x40 | 0x80 | 0x100 | 0x200 | 0x2000 | 0x4000 | 0x10000
)

// superOf returns the superblock of ext2, ext3 or ext4 on a volume, or nil for file systems of other kinds.
func superOf(at engine.Volume) ([]byte, error) {
	if at.Volume == nil || !strings.HasPrefix(at.Content, "ext") {
		return nil, nil
	}
	return binread.ReadAt(at, superblock, superblockLength, superblockLength)
}

// writable tells whether a kernel mounts the root file system for writing, by its features and the options in its superblock.
func (p *prover) writable(v *verdict) {
	b, err := p.super()
	if err != nil {
		v.unknown("", "superblock of %s: %v", p.Root.Device, err)
	}
	if len(b) == 0 {
		return
	}
	c := binread.Little(b)
	incompat, roCompat := c.At(incompatAt).U32(), c.At(roCompatAt).U32()
	options, _, _ := strings.Cut(string(c.At(mountOptionsAt).Bytes(mountOptionsN)), "\x00")
	switch {
	case incompat&^kernelIncompat != 0:
		v.fail("", "%s has features that no kernel knows (%#x): none mounts it", p.Root.Device, incompat&^kernelIncompat)
	case roCompat&readOnlyFeature != 0:
		v.fail("", "%s has the feature read-only: a kernel does not write to it", p.Root.Device)
		v.repair("tune2fs -O ^read-only DEVICE")
	case roCompat&^kernelRoCompat != 0:
		v.fail("", "%s has features that no kernel knows (%#x): none writes to it", p.Root.Device, roCompat&^kernelRoCompat)
	}
	if c.At(compatAt).U32()&hasJournal != 0 {
		p.journal(v, c.At(journalInodeAt).U32())
	}
	if options != "" {
		if bad := unknownOptions(p.Root.FS.Description().Type, strings.Split(options, ",")); len(bad) > 0 {
			v.unknown("", "%s: the mount option %s in its superblock is not known", p.Root.Device, bad[0])
			v.repair("tune2fs -E mount_opts= DEVICE")
		}
	}
}

// journal tells whether the journal begins as one: a kernel mounts no file system that has lost it (fs/jbd2/journal.c).
func (p *prover) journal(v *verdict, inode uint32) {
	if inode == 0 {
		v.unknown("", "the journal of %s is on another device, which is not looked at", p.Root.Device)
		return
	}
	f, err := p.Root.FS.Open(filesys.Node(inode))
	if err != nil {
		v.fail("", "journal of %s: %v", p.Root.Device, err)
		return
	}
	b, err := binread.ReadAt(f, 0, 12, 12)
	if err != nil {
		v.fail("", "journal of %s: %v", p.Root.Device, err)
		return
	}
	magic, kind := binary.BigEndian.Uint32(b), binary.BigEndian.Uint32(b[4:])
	if magic != journalMagic || kind != 3 && kind != 4 {
		v.fail("", "the journal of %s does not begin as one: a kernel does not mount it", p.Root.Device)
		v.repair("e2fsck -y DEVICE")
	}
}

// readByGRUB tells whether GRUB reads the file system with its configuration: it refuses those with features that it does not know.
func (p *prover) readByGRUB(v *verdict, at engine.Volume) {
	b, err := superOf(at)
	if err != nil {
		v.unknown("", "superblock of %s: %v", at.Name, err)
	}
	if len(b) == 0 {
		return
	}
	c := binread.Little(b)
	if lacks := c.At(incompatAt).U32() &^ grubIncompat; lacks != 0 {
		v.fail("", "%s has features that GRUB does not know (%#x): it reads nothing of it", at.Name, lacks)
	}
}
