package ext4

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/guestctl/guestctl/engine/filesys"
)

// Options of the images that are damaged: with all checksums, with none, with those of descriptors only, and with block maps.
var (
	withSums = []string{"-t", "ext4"}
	noSums   = []string{"-t", "ext4", "-O", "^metadata_csum"}
	oldSums  = []string{"-t", "ext4", "-O", "^metadata_csum,uninit_bg"}
	oldMaps  = []string{"-t", "ext3"}
)

// request is a change by debugfs, which renews checksums.
func request(requests ...string) func(l *lab) {
	return func(l *lab) {
		for i, r := range requests {
			for _, path := range []string{"a", "b", "sub", "large", "long", "pieces", "device", "empty", "sub/below"} {
				if strings.Contains(r, "{"+path+"}") {
					r = strings.ReplaceAll(r, "{"+path+"}", l.inode(path))
				}
			}
			requests[i] = r
		}
		l.debugfs(requests...)
	}
}

// bytesAt is a change of bytes, which leaves checksums as they are.
func bytesAt(change func(h *hostile)) func(l *lab) {
	return func(l *lab) { l.patch(change) }
}

// group is where the descriptor of group 0 is, and off bytes on.
func (h *hostile) group(off int) int {
	return int(h.fs.descriptorBlock(0, 0)<<h.fs.device.shift) + off
}

func (h *hostile) bitmap(inodes bool) int {
	g, _, err := h.fs.descriptor(0)
	if err != nil {
		h.t.Fatal(err)
	}
	if inodes {
		return int(g.inodeBitmap << h.fs.device.shift)
	}
	return int(g.blockBitmap << h.fs.device.shift)
}

func (h *hostile) journal() int {
	j, err := h.fs.openJournal()
	if err != nil {
		h.t.Fatal(err)
	}
	r, err := j.blocks.run(0)
	if err != nil {
		h.t.Fatal(err)
	}
	return int(r.start << h.fs.device.shift)
}

// TestCheckFindsWhatE2fsckFinds: each kind of damage that e2fsck names is found here. With -short it tries each tenth, which is enough for
// the race detector.
func TestCheckFindsWhatE2fsckFinds(t *testing.T) {
	for i, test := range []struct {
		name    string
		options []string
		damage  func(l *lab)
		says    string // e2fsck, in part
		want    filesys.DamageKind
	}{
		{"an inode cleared", withSums, request("clri {a}"), "deleted/unused", filesys.DamagedDirectory},
		{"too many links", withSums, request("sif {a} links_count 5"), "ref count is 5, should be 1", filesys.DamagedLinks},
		{"too few links of a directory", withSums, request("sif {sub} links_count 2"), "ref count is 2, should be 3", filesys.DamagedLinks},
		{"no mode", withSums, request("sif {a} mode 0"), "invalid mode", filesys.DamagedInode},
		{"a file that became a directory", withSums, request("sif {a} mode 040755"), "incorrect filetype (was 1, should be 2)", filesys.DamagedDirectory},
		{"a directory that became a file", withSums, request("sif {sub} mode 0100644"), "incorrect filetype (was 2, should be 1)", filesys.DamagedDirectory},
		{"another type of device", withSums, request("sif {device} mode 060644"), "incorrect filetype", filesys.DamagedDirectory},
		{"size too small", withSums, request("sif {b} size 1"), "i_size is 1", filesys.DamagedInode},
		{"size of a directory", withSums, request("sif {sub} size 100"), "i_size is 100", filesys.DamagedInode},
		{"size of a link", withSums, request("sif {long} size 100"), "invalid", filesys.DamagedInode},
		{"size of a device", withSums, request("sif {device} size 100"), "non-zero size", filesys.DamagedInode},
		{"count of blocks", withSums, request("sif {b} blocks 99"), "i_blocks is 99", filesys.DamagedInode},
		{"removed and in use", withSums, request("sif {b} dtime 1600000000"), "dtime set", filesys.DamagedInode},
		{"an unknown flag word", withSums, request("sif {b} faddr 77"), "i_faddr for inode", filesys.DamagedInode},
		{"no extent magic", withSums, request("sif {b} block[0] 0"), "corrupt extent header", filesys.DamagedMap},
		{"extent behind the end", withSums, request("sif {b} block[5] 0x7fffffff"), "invalid extent", filesys.DamagedMap},
		{"extent of no blocks", withSums, request("sif {b} block[4] 0"), "zero length extent", filesys.DamagedMap},
		{"two files in one place", withSums, func(l *lab) {
			f := openBytes(l.t, l.bytes())
			in, err := f.readInode(find(l.t, f, "a"))
			if err != nil {
				l.t.Fatal(err)
			}
			h := &hostile{l.t, in.blockMap, f}
			request("sif {b} block[5] " + itoa(h.get(20, 4)))(l)
		}, "ultiply-claimed", filesys.SharedBlock},
		{"extent index into a bitmap", withSums, func(l *lab) { request("sif {pieces} block[4] 4")(l) }, "conflicts with critical metadata", filesys.SharedBlock},
		{"name removed, inode kept", withSums, request("unlink /a"), "nattached inode", filesys.Unconnected},
		{"name of a directory removed", withSums, request("unlink /sub"), "nconnected directory", filesys.Unconnected},
		{"a second name", withSums, request("link {a} /other/second"), "should be 2", filesys.DamagedLinks},
		{"a second name of a directory", withSums, request("link {sub} /other/second"), "is a link to directory", filesys.DamagedDirectory},
		{"a name of nothing", withSums, request("link <900> /ghost"), "deleted/unused", filesys.DamagedDirectory},
		{"a name of the journal", withSums, request("link <8> /journal"), "invalid inode #: 8", filesys.DamagedDirectory},
		{"used block marked free", withSums, request("freeb 100 3"), "lock bitmap differences", filesys.DamagedBitmap},
		{"free block marked used", withSums, request("setb 4000 2"), "lock bitmap differences", filesys.DamagedBitmap},
		{"used inode marked free", withSums, request("freei {a}"), "node bitmap differences", filesys.DamagedBitmap},
		{"free inode marked used", withSums, request("seti <700>"), "node bitmap differences", filesys.DamagedBitmap},
		{"free blocks of the superblock", withSums, request("ssv free_blocks_count 5"), "Free blocks count wrong (5", filesys.DamagedCount},
		{"free inodes of the superblock", withSums, request("ssv free_inodes_count 5"), "Free inodes count wrong (5", filesys.DamagedCount},
		{"free blocks of a group", withSums, request("set_bg 0 free_blocks_count 5", "set_bg 0 checksum calc"), "ree blocks count wrong", filesys.DamagedCount},
		{"free inodes of a group", withSums, request("set_bg 0 free_inodes_count 5", "set_bg 0 checksum calc"), "ree inodes count wrong", filesys.DamagedCount},
		{"directories of a group", withSums, request("set_bg 0 used_dirs_count 50", "set_bg 0 checksum calc"), "irectories count wrong", filesys.DamagedCount},
		{"bitmap elsewhere", withSums, request("set_bg 0 block_bitmap 99999", "set_bg 0 checksum calc"), "bad block for block bitmap", filesys.DamagedGroup},
		{"inode table elsewhere", withSums, request("set_bg 0 inode_table 32000", "set_bg 0 checksum calc"), "invalid journal", filesys.DamagedInode},
		{"resize inode cleared", withSums, request("clri <7>"), "esize inode not valid", filesys.DamagedInode},
		{"resize inode elsewhere", withSums, bytesAt(func(h *hostile) { h.put(h.fs.inodeOffset(7)+0x28+13*4, 4, 3000) }), "Resize inode (re)creation failed", filesys.DamagedInode},
		{"root directory cleared", withSums, request("clri <2>"), "oot inode is not a directory", filesys.DamagedDirectory},
		{"journal inode of another type", withSums, request("sif <8> mode 040755"), "invalid journal", filesys.DamagedJournal},
		{"journal inode cleared", withSums, request("clri <8>"), "ournal", filesys.DamagedJournal},

		{"byte of the superblock", withSums, bytesAt(func(h *hostile) { h.flip(superblockOffset + 0x78) }), "Superblock checksum does not match", filesys.DamagedSuperblock},
		{"superblock gone", withSums, bytesAt(func(h *hostile) { clear(h.b[1024:2048]) }), "Bad magic number", filesys.DamagedSuperblock},
		{"byte of a descriptor", withSums, bytesAt(func(h *hostile) { h.flip(h.group(0x40 + 0xc)) }), "descriptor checksums are invalid", filesys.DamagedGroup},
		{"byte of a descriptor, old sums", oldSums, bytesAt(func(h *hostile) { h.flip(h.group(0xc)) }), "descriptor checksums are invalid", filesys.DamagedGroup},
		{"byte of the block bitmap", withSums, bytesAt(func(h *hostile) { h.flip(h.bitmap(false) + 50) }), "block bitmap does not match checksum", filesys.DamagedBitmap},
		{"byte of the inode bitmap", withSums, bytesAt(func(h *hostile) { h.flip(h.bitmap(true) + 5) }), "inode bitmap does not match checksum", filesys.DamagedBitmap},
		{"padding of the inode bitmap", withSums, bytesAt(func(h *hostile) { h.flip(h.bitmap(true) + 1020) }), "adding at end of inode bitmap", filesys.DamagedBitmap},
		{"byte of an inode", withSums, bytesAt(func(h *hostile) { h.flip(h.inode("a") + 0x8) }), "checksum does not match", filesys.DamagedInode},
		{"byte of an extent block", withSums, bytesAt(func(h *hostile) { h.flip(h.leaf("pieces") + 1000) }), "checksum does not match", filesys.DamagedMap},
		{"byte of a directory", withSums, bytesAt(func(h *hostile) { h.flip(h.content("sub", 0) + 900) }), "checksum", filesys.DamagedDirectory},
		{"byte of a hash tree", withSums, bytesAt(func(h *hostile) { h.flip(h.content("hashed", 0) + 36) }), "root node fails checksum", filesys.DamagedDirectory},
		{"byte of an attribute block", withSums, bytesAt(func(h *hostile) { h.flip(int(h.get(h.inode("a")+0x68, 4))<<10 + 1000) }), "xtended attribute", filesys.DamagedXattr},
		{"journal superblock gone", withSums, bytesAt(func(h *hostile) { clear(h.b[h.journal():][:1024]) }), "invalid journal", filesys.DamagedJournal},
		{"journal with transactions, and clean", withSums, bytesAt(func(h *hostile) { h.b[h.journal()+0x1f] = 1 }), "journal has data", filesys.DamagedJournal},
		{"journal that was given up", withSums, bytesAt(func(h *hostile) { h.b[h.journal()+0x23] = 5 }), "Resize inode not valid", filesys.RecordedError},

		{"no record length", noSums, bytesAt(func(h *hostile) { h.put(h.content("sub", 0)+24+4, 2, 0) }), "corrupted", filesys.DamagedDirectory},
		{"slash in a name", noSums, bytesAt(func(h *hostile) { h.put(h.content("sub", 0)+24+8, 1, '/') }), "illegal characters", filesys.DamagedDirectory},
		{"no first entry", noSums, bytesAt(func(h *hostile) { h.put(h.content("sub", 0)+8, 1, 'x') }), "'.'", filesys.DamagedDirectory},
		{"another first entry", noSums, bytesAt(func(h *hostile) { h.put(h.content("sub", 0), 4, 2) }), "'.'", filesys.DamagedDirectory},
		{"another parent", noSums, bytesAt(func(h *hostile) { h.put(h.content("sub", 0)+12, 4, 11) }), "'..'", filesys.DamagedDirectory},
		{"no parent", noSums, bytesAt(func(h *hostile) { h.put(h.content("sub", 0)+12+8, 1, 'x') }), "'..'", filesys.DamagedDirectory},
		{"inode that does not exist", noSums, bytesAt(func(h *hostile) { h.put(h.content("sub", 0)+24, 4, 1<<30) }), "invalid inode #", filesys.DamagedDirectory},
		{"another type in a directory", noSums, bytesAt(func(h *hostile) { h.put(h.content("sub", 0)+24+7, 1, 5) }), "incorrect filetype", filesys.DamagedDirectory},
		{"names twice", noSums, bytesAt(func(h *hostile) {
			at := h.content("hashed", 1)
			first := int(h.get(at+4, 2))
			copy(h.b[at+first+8:at+first+8+int(h.b[at+first+6])], h.b[at+8:])
			h.b[at+first+6] = h.b[at+6]
		}), "non-unique filename", filesys.DamagedDirectory},
		{"name in the wrong block of a hash tree", noSums, bytesAt(func(h *hostile) { h.put(h.content("hashed", 1)+8, 1, 'X') }), "bad max hash", filesys.DamagedDirectory},
		{"hash tree with another hash", noSums, bytesAt(func(h *hostile) { h.put(h.content("hashed", 0)+28, 1, 2) }), "bad max hash", filesys.DamagedDirectory},
		{"hash tree that names a block twice", noSums, bytesAt(func(h *hostile) { h.put(h.content("hashed", 0)+44, 4, h.get(h.content("hashed", 0)+36, 4)) }), "referenced twice", filesys.DamagedDirectory},
		{"hash tree that names no block", noSums, bytesAt(func(h *hostile) { h.put(h.content("hashed", 0)+44, 4, 999) }), "bad block number 999", filesys.DamagedDirectory},
		{"hash tree with another limit", noSums, bytesAt(func(h *hostile) { h.put(h.content("hashed", 0)+32, 2, 20) }), "invalid limit", filesys.DamagedDirectory},
		{"hashes out of order", noSums, bytesAt(func(h *hostile) { h.put(h.content("hashed", 0)+40, 4, 0xfffffff0) }), "unordered hash table", filesys.DamagedDirectory},
		{"extents out of order", noSums, bytesAt(func(h *hostile) { h.put(h.leaf("pieces")+12, 4, 9999) }), "out of order extents", filesys.DamagedMap},
		{"extent index starts elsewhere", noSums, bytesAt(func(h *hostile) { h.put(h.root("pieces")+12, 4, 1) }), "does not match logical start", filesys.DamagedMap},
		{"attribute block without magic", noSums, bytesAt(func(h *hostile) { h.put(int(h.get(h.inode("a")+0x68, 4))<<10, 4, 1) }), "bad extended attribute block", filesys.DamagedXattr},
		{"attribute block with more users", noSums, bytesAt(func(h *hostile) { h.put(int(h.get(h.inode("a")+0x68, 4))<<10+4, 4, 7) }), "eference count", filesys.DamagedXattr},
		{"value of an attribute outside", noSums, bytesAt(func(h *hostile) { h.put(int(h.get(h.inode("a")+0x68, 4))<<10+32+8, 4, 5000) }), "invalid value", filesys.DamagedXattr},
		{"attribute block behind the end", noSums, bytesAt(func(h *hostile) { h.put(h.inode("a")+0x68, 4, 1<<30) }), "is invalid (1073741824)", filesys.DamagedXattr},
		{"room for descriptors", noSums, bytesAt(func(h *hostile) {
			h.put(int(h.fs.firstBlock(0)+h.fs.superblocksAt(0)+(&check{census: newCensus(h.fs, nil)}).descriptorBlocks())<<10, 4, 77)
		}), "Resize inode not valid", filesys.DamagedInode},

		{"pointer behind the end", oldMaps, bytesAt(func(h *hostile) { h.put(h.root("large"), 4, 1<<30) }), "llegal block", filesys.DamagedMap},
		{"indirect pointer behind the end", oldMaps, bytesAt(func(h *hostile) { h.put(h.root("large")+48, 4, 1<<30) }), "llegal", filesys.DamagedMap},
		{"pointer in an indirect block", oldMaps, bytesAt(func(h *hostile) { h.put(int(h.get(h.root("large")+48, 4))<<10, 4, 1<<30) }), "llegal block", filesys.DamagedMap},
		{"pointers that are one", oldMaps, bytesAt(func(h *hostile) { h.put(h.root("large"), 4, h.get(h.root("large")+4, 4)) }), "ultiply-claimed", filesys.SharedBlock},
		{"indirect block in the inode table", oldMaps, bytesAt(func(h *hostile) { h.put(h.root("large")+48, 4, uint64(h.inode("a")>>10)) }), "ultiply-claimed", filesys.SharedBlock},
		{"directory with a hole", oldMaps, bytesAt(func(h *hostile) { h.put(h.root("hashed")+4, 4, 0) }), "unallocated block", filesys.DamagedInode},

		{"image that ends early", withSums, func(l *lab) {
			if err := os.Truncate(l.path, 20<<20); err != nil {
				l.t.Fatal(err)
			}
		}, "physical size of the device is", filesys.MissingBytes},
	} {
		if testing.Short() && i%10 != 0 {
			continue
		}
		t.Run(test.name, func(t *testing.T) {
			l := newLab(t, "33M", test.options...)
			test.damage(l)
			out, code := l.fsck()
			if said := complaints(out); said == "" || !strings.Contains(said, test.says) {
				t.Errorf("e2fsck: %d, want it to say %q:\n%s", code, test.says, said)
			}
			found, _ := checkAll(t, openBytes(t, l.bytes()))
			if !slices.Contains(kindsOf(found), test.want) {
				t.Errorf("found %+v, want damage of kind %q; e2fsck: %s", found, test.want, out)
			}
		})
	}
}
