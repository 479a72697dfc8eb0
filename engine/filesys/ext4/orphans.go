package ext4

import (
	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
)

const (
	maxOrphans       = 1 << 20
	orphanBlockMagic = 0x0b10ca04
	orphanTailSize   = 8 // magic and checksum at the end of each block of the orphan file
)

// findOrphans follows the list of inodes that were open, and without a name, when the machine stopped. Each names the next in i_dtime.
func (s *census) findOrphans() {
	next := s.super.lastOrphan
	for next != 0 {
		if _, again := s.orphans[next]; again || next > s.super.inodes || len(s.orphans) == maxOrphans {
			s.badOrphans(next, "the list of orphans names inode %d, want a new one, at most %d", next, s.super.inodes)
			break
		}
		raw, replayed := s.fast.inodes[next]
		if !replayed {
			var err error
			if raw, err = s.inodeBytes(next); err != nil {
				s.badOrphans(next, "the list of orphans: inode %d: %v", next, err)
				break
			}
		}
		c := binread.Little(raw)
		if mode := c.U16(); mode == 0 {
			s.badOrphans(next, "the list of orphans names inode %d, which was never used", next)
			break
		}
		s.orphans[next] = struct{}{}
		next = c.At(0x14).U32()
	}
	if s.super.orphanFile != 0 {
		s.readOrphanFile()
	}
}

func (s *census) badOrphans(number uint32, format string, args ...any) {
	s.damage(filesys.Damage{Kind: filesys.DamagedOrphans, Node: filesys.Node(number), Harm: filesys.HarmRisk}, format, args...)
}

// readOrphanFile reads the file that holds the list since Linux 5.15.
func (s *census) readOrphanFile() {
	number := s.super.orphanFile
	in, err := s.readInode(filesys.Node(number))
	if err != nil {
		s.badOrphans(number, "orphan file: inode %d: %v", number, err)
		return
	}
	blocks, err := s.mapper(&in)
	count := uint64(in.size) >> s.device.shift
	if err != nil || count > maxOrphans {
		s.badOrphans(number, "orphan file: inode %d of %d blocks: %v", number, count, err)
		return
	}
	for logical := range count {
		r, err := blocks.run(logical)
		if err == nil && r.start == 0 {
			err = binread.Corrupt("a hole")
		}
		if err == nil {
			err = s.orphanBlock(&in, r.start)
		}
		if err != nil {
			s.badOrphans(number, "orphan file: block %d: %v", logical, err)
		}
	}
}

func (s *census) orphanBlock(in *inode, number uint64) error {
	b, err := s.readBlock(number)
	if err != nil {
		return err
	}
	tail := len(b) - orphanTailSize
	c := binread.Little(b)
	if magic := c.At(tail).U32(); magic != orphanBlockMagic {
		return binread.Corrupt("magic %#x, want %#x", magic, uint32(orphanBlockMagic))
	}
	if got := c.U32(); s.super.features.metadataCsum() {
		if want := crc32c(crc32cU64(s.inodeSeed(in), number), b[:tail]); got != want {
			return binread.Checksum("checksum %#08x, want %#08x", got, want)
		}
	}
	for c.At(0); c.Offset() < tail; {
		orphan := c.U32()
		if orphan > s.super.inodes {
			return binread.Corrupt("it names inode %d, want at most %d", orphan, s.super.inodes)
		}
		if orphan != 0 {
			s.orphans[orphan] = struct{}{}
		}
	}
	return nil
}
