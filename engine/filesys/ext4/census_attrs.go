package ext4

import (
	"math/bits"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
)

// maxSharedAttrs bounds how many attribute blocks are remembered: what lies beyond is not compared.
const maxSharedAttrs = 1 << 22

// occupyAttrs claims an inode's attribute block, which it may share with others, and verifies its attributes.
func (s *census) occupyAttrs(in *inode, use *usage) {
	if in.damaged {
		return
	}
	if err := s.eachInodeXattr(in, s.charge(&use.blocks)); err != nil {
		s.badAttrs(in, 0, err)
	}
	block := in.xattrBlock
	if block == 0 {
		return
	}
	use.blocks += 1 << s.clusterShift()
	if shared := s.attrs[block]; shared != nil {
		shared.users++
		use.blocks += shared.charge
		return
	}
	if block < uint64(s.super.firstDataBlock) || block >= s.super.blocks {
		s.badAttrs(in, 0, binread.Corrupt("attribute block %d, want less than %d", block, s.super.blocks))
		return
	}
	if len(s.attrs) == maxSharedAttrs {
		s.err = binread.Limit("more than %d attribute blocks", maxSharedAttrs)
		return
	}
	if taken, again := s.claim(filesys.UseXattr, in.number, block, 1); again && s.super.features.roCompat&roSharedBlocks == 0 {
		d := filesys.Damage{Kind: filesys.SharedBlock, Block: int64(taken), Node: filesys.Node(in.number), Harm: filesys.HarmLoss}
		s.damage(d, "inode %d: its attribute block %d is in other use already", in.number, block)
	}
	shared := &sharedAttrs{users: 1, node: in.number}
	s.attrs[block] = shared
	if err := s.eachBlockXattr(in, s.charge(&shared.charge)); err != nil {
		s.badAttrs(in, block, err)
	}
	use.blocks += shared.charge
	if b, err := s.readBlock(block); err == nil {
		c := binread.Little(b)
		shared.want = c.At(4).U32()
	}
}

// charge adds up the blocks of values that are in inodes of their own: each inode that has such a value is charged for them.
func (s *census) charge(total *uint64) func(xattrEntry, []byte) error {
	return func(e xattrEntry, value []byte) error {
		if e.valueInode == 0 {
			return verifyAttr(e, value)
		}
		if !s.super.features.eaInode() || e.valueInode > s.super.inodes {
			return binread.Corrupt("attribute %q: its value is inode %d", e.name, e.valueInode)
		}
		cluster := uint64(s.blockSize) << s.clusterShift()
		*total += (uint64(e.valueSize) + cluster - 1) / cluster << s.clusterShift()
		s.values[e.valueInode]++
		if len(s.values) > maxSharedAttrs {
			s.err = binread.Limit("more than %d values of attributes in inodes", maxSharedAttrs)
		}
		return nil
	}
}

// verifyAttr compares the hash of an attribute. In an inode it may be 0, for none.
func verifyAttr(e xattrEntry, value []byte) error {
	// as the driver does, with the bytes that pad the value
	padded := value[:min(cap(value), (len(value)+3)&^3)]
	unsigned, signed := attrHash(e.name, padded, false), attrHash(e.name, padded, true)
	if e.hash != 0 && e.hash != unsigned && e.hash != signed {
		return binread.Checksum("attribute %q: hash %#08x, want %#08x", e.name, e.hash, unsigned)
	}
	return nil
}

// attrHash hashes a name and a value as fs/ext4/xattr.c does. Whether the bytes of names are signed depends on the machine.
func attrHash(name, value []byte, signed bool) (hash uint32) {
	for _, b := range name {
		hash = bits.RotateLeft32(hash, 5) ^ char(b, signed)
	}
	for c := binread.Little(value); c.Len() >= 4; {
		hash = bits.RotateLeft32(hash, 16) ^ c.U32()
	}
	return hash
}

func (s *census) badAttrs(in *inode, block uint64, err error) {
	d := filesys.Damage{Kind: filesys.DamagedXattr, Block: int64(block), Node: filesys.Node(in.number), Harm: filesys.HarmLoss}
	s.damage(d, "inode %d: %v", in.number, err)
}
