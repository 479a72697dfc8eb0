package ext4

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/guestctl/guestctl/engine/binread"
)

// logBlock is where a block of the journal is.
func (h *hostile) logBlock(number uint32) int {
	h.t.Helper()
	j, err := h.fs.openJournal()
	if err != nil {
		h.t.Fatal(err)
	}
	r, err := j.blocks.run(uint64(number))
	if err != nil || r.start == 0 {
		h.t.Fatal(r, err)
	}
	return int(r.start << h.fs.device.shift)
}

// logHeaders are the numbers of all blocks of one type in the log of an image, oldest first.
func (h *hostile) logHeaders(kind uint32) (numbers []uint32) {
	h.t.Helper()
	j, err := h.fs.openJournal()
	if err != nil {
		h.t.Fatal(err)
	}
	for number := j.first; number < j.last; number++ {
		at := h.logBlock(number)
		c := binread.Big(h.b[at:])
		if c.U32() == journalMagic && c.U32() == kind {
			numbers = append(numbers, number)
		}
	}
	if len(numbers) == 0 {
		h.t.Fatalf("no block of type %d in the log", kind)
	}
	return numbers
}

// putBig writes a big-endian number of n bytes.
func (h *hostile) putBig(off, n int, v uint64) {
	for i := range n {
		h.b[off+i] = byte(v >> (8 * (n - 1 - i)))
	}
}

func TestReplayLeavesTheImageAlone(t *testing.T) {
	h := damaged(t, "journal")
	before := slices.Clone(h.b)
	f := openBytes(t, h.b)
	if len(f.device.replayed) == 0 {
		t.Error("nothing was replayed")
	}
	if _, err := f.ReadDir(rootInode); err != nil {
		t.Error(err)
	}
	if !bytes.Equal(before, h.b) {
		t.Error("the image has changed")
	}
}

// TestReplayCoversWhatItShould: an image that does not need an escape, a revoke or a fast commit would not test them.
func TestReplayCoversWhatItShould(t *testing.T) {
	escaped := 0
	for _, at := range openImage(t, "journal_data").device.replayed {
		escaped += int(at & 1)
	}
	if escaped == 0 {
		t.Error("journal_data: no block was escaped")
	}
	damaged(t, "journal_revoke").logHeaders(journalRevokes)
	fast := openImage(t, "fast_commit").fast
	if len(fast.inodes) == 0 || len(fast.extents) == 0 || len(fast.names) == 0 {
		t.Errorf("fast_commit: %d inodes, %d extents, %d directories", len(fast.inodes), len(fast.extents), len(fast.names))
	}
}

func TestHostileJournals(t *testing.T) {
	commit := func(h *hostile) int { return h.logBlock(slices.Max(h.logHeaders(journalCommit))) }
	first := func(h *hostile, kind uint32) int { return h.logBlock(h.logHeaders(kind)[0]) }
	firstContent := func(h *hostile) int { return h.logBlock(h.logHeaders(journalDescriptor)[0] + 1) }
	for _, test := range []struct {
		name, image string
		change      func(h *hostile)
		problem     string // part of what taints; empty when nothing may
		replayed    bool   // some of it
	}{
		{"superblock without magic", "journal", func(h *hostile) { h.put(h.logBlock(0), 4, 0) }, "superblock: magic", false},
		{"superblock with a wrong checksum", "journal", func(h *hostile) { h.flip(h.logBlock(0) + 0x48) }, "superblock: checksum", false},
		{"other block size", "journal_ext3", func(h *hostile) { h.putBig(h.logBlock(0)+0xc, 4, 4096) }, "blocks of 4096 bytes", false},
		{"unknown feature", "journal_ext3", func(h *hostile) { h.putBig(h.logBlock(0)+0x28, 4, 0x8000) }, "features 0x8000", false},
		{"start behind the end", "journal_ext3", func(h *hostile) { h.putBig(h.logBlock(0)+0x1c, 4, 1<<31) }, "starting at", false},
		{"log of 2^32 blocks", "journal_ext3", func(h *hostile) { h.putBig(h.logBlock(0)+0x10, 4, 0xffff_ffff) }, "4294967295 blocks", false},
		{"first block 0", "journal_ext3", func(h *hostile) { h.putBig(h.logBlock(0)+0x14, 4, 0) }, "log from 0", false},
		{"log of no blocks", "journal_ext3", func(h *hostile) { h.putBig(h.logBlock(0)+0x10, 4, 1) }, "log from", false},
		{"on another device", "journal_ext3", func(h *hostile) { h.super(0xe0, 8, 0x0801<<32) }, "another device (0x801)", false},
		{"needed and not there", "journal_ext3", func(h *hostile) { h.super(0x5c, 1, 0) }, "has none", false},
		{"inode damaged, its copy good", "journal_ext3", func(h *hostile) {
			h.put(int(h.fs.inodeTables[0]<<10)+7*int(h.fs.super.inodeSize)+0x1a, 2, 0)
		}, "", true},
		{"inode damaged, no copy", "journal_ext3", func(h *hostile) {
			h.put(int(h.fs.inodeTables[0]<<10)+7*int(h.fs.super.inodeSize)+0x1a, 2, 0)
			h.super(0xfd, 1, 0)
		}, "inode 8", false},
		{"descriptor with a wrong checksum", "journal", func(h *hostile) { h.flip(first(h, journalDescriptor) + 1000) }, "descriptor block: wrong checksum", false},
		{"revoke block with a wrong checksum", "journal", func(h *hostile) { h.flip(first(h, journalRevokes) + 1000) }, "revoke block: wrong checksum", true},
		{"commit block with a wrong checksum", "journal", func(h *hostile) { h.flip(commit(h) + 0x38) }, "commit block: wrong checksum", true},
		{"content with a wrong checksum", "journal", func(h *hostile) {
			h.flip(int(h.fs.device.replayed[1]>>1<<10) + 10)
		}, "content of block 1: wrong checksum", true},
		{"version 2: commit block with a wrong checksum", "journal_sum2", func(h *hostile) { h.flip(commit(h) + 0x38) }, "commit block: wrong checksum", true},
		{"version 2: content with a wrong checksum", "journal_sum2", func(h *hostile) { h.flip(firstContent(h)) }, "content of block", false},
		{"version 2, 32 bits: content with a wrong checksum", "journal_sum2-32bit", func(h *hostile) { h.flip(firstContent(h)) }, "content of block", false},
		{"transaction with a wrong checksum", "journal_sum1", func(h *hostile) { h.flip(firstContent(h)) }, "commit block: wrong checksum", false},
		{"content of a block behind the file system", "journal_ext3", func(h *hostile) {
			h.putBig(first(h, journalDescriptor)+12, 4, 0xffff_ffff)
		}, "content of block 4294967295", false},
		{"revoke block longer than a block", "journal_ext3", func(h *hostile) { h.putBig(first(h, journalRevokes)+12, 4, 0xffff_ffff) }, "revoke block of 4294967295 bytes", true},
		{"superblock in the log with another block size", "journal_ext3", func(h *hostile) {
			h.put(int(h.fs.device.replayed[1]>>1<<10)+0x18, 4, 2)
		}, "changes the block size to 4096", false},
		{"superblock in the log without magic", "journal_ext3", func(h *hostile) {
			h.put(int(h.fs.device.replayed[1]>>1<<10)+0x38, 2, 0)
		}, "superblock that cannot be used", false},
		{"descriptors without end", "journal_ext3", func(h *hostile) {
			for n := uint32(1); n < 1024; n++ {
				at := h.logBlock(n)
				clear(h.b[at : at+1024])
				h.putBig(at, 4, journalMagic)
				h.putBig(at+4, 4, journalDescriptor)
				h.putBig(at+8, 4, 2)
			}
		}, "", false},
		{"commits without end", "journal_ext3", func(h *hostile) {
			for n := uint32(1); n < 1024; n++ {
				at := h.logBlock(n)
				h.putBig(at, 4, journalMagic)
				h.putBig(at+4, 4, journalCommit)
				h.putBig(at+8, 4, uint64(n)+1)
			}
		}, "", false},
		{"last transaction unfinished", "journal", func(h *hostile) { h.put(commit(h), 4, 0) }, "", true},
		{"fast commit with a wrong checksum", "fast_commit", func(h *hostile) { h.flip(h.logBlock(1024+1) + 100) }, "fast commits: checksum", true},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := damaged(t, test.image)
			test.change(h)
			f := openBytes(t, h.b)
			text := taints(f)
			if !strings.Contains(text, test.problem) || test.problem == "" && text != "" {
				t.Errorf("problems %q, want %q", text, test.problem)
			}
			if test.replayed != (len(f.device.replayed) > 0) {
				t.Errorf("%d blocks were replayed, want some: %v", len(f.device.replayed), test.replayed)
			}
			_, _ = f.ReadDir(rootInode)
		})
	}
}

func TestRingWrapsAround(t *testing.T) {
	h := damaged(t, "journal_ext3")
	want := h.fs.device.replayed
	// the same log, moved so that it ends at the start of the ring
	const length, shift = 1024, 1000
	old := make([][]byte, length)
	for n := uint32(1); n < length; n++ {
		at := h.logBlock(n)
		old[n] = slices.Clone(h.b[at : at+1024])
	}
	for n := 1; n < length; n++ {
		to := (n-1+shift)%(length-1) + 1
		copy(h.b[h.logBlock(uint32(to)):], old[n])
	}
	h.putBig(h.logBlock(0)+0x1c, 4, 1+shift)
	f := openBytes(t, h.b)
	if len(f.device.replayed) != len(want) || taints(f) != "" {
		t.Errorf("%d blocks were replayed, %s, want %d", len(f.device.replayed), taints(f), len(want))
	}
	checkTruth(t, f, "journal_ext3")
}
