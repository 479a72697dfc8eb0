package xfs

import (
	"bytes"
	"encoding/binary"
	"path/filepath"
	"strings"
	"testing"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/internal/conformance"
)

// TestLogsAreWhatTheyWereMadeFor keeps the images from no longer testing it: each has a log to replay, one goes round the end of the ring,
// and one cancels buffers.
func TestLogsAreWhatTheyWereMadeFor(t *testing.T) {
	for _, name := range []string{"dirty", "dirty-new", "dirty-wrap", "dirty-cancel", "dirty-v4"} {
		h := newHostile(t, name)
		l := h.log()
		if l.clean || l.torn > 0 || len(h.fs.device.replayed) == 0 || len(h.records()) < 3 {
			t.Errorf("%s: clean %v, %d torn, %d pages replayed, %d records", name, l.clean, l.torn, len(h.fs.device.replayed), len(h.records()))
		}
		if goesRound := l.tail > l.head; goesRound != (name == "dirty-wrap") {
			t.Errorf("%s: from sector %d to %d", name, l.tail, l.head)
		}
		r := newReplay(h.fs, l)
		if err := l.run(r.cancels); err != nil || len(r.cancelled) == 0 {
			t.Errorf("%s: %d cancelled buffers, %v", name, len(r.cancelled), err)
		}
	}
}

// TestWithoutTheLogTheNewestIsMissing: what the truth tells of is in the log, and in it alone.
func TestWithoutTheLogTheNewestIsMissing(t *testing.T) {
	for _, name := range []string{"dirty", "dirty-wrap", "dirty-cancel", "dirty-v4"} {
		truth, err := conformance.ReadTruth(filepath.Join("testdata", name+".jsonl.gz"))
		if err != nil {
			t.Fatal(err)
		}
		f := openBytes(t, image(t, name))
		f.device.replayed = nil
		f.forget()
		found := 0
		for i := range truth {
			if _, err := f.Lookup(f.Root(), strings.TrimPrefix(truth[i].Path, "/")); err == nil {
				found++
			}
		}
		if _, err := f.Lookup(f.Root(), "the last thing"); err == nil {
			t.Errorf("%s: %d of %d names are there without the log", name, found, len(truth))
		}
	}
}

// TestTornRecordsDoNotCount: a record in writing when everything ended, and what is behind it, never was.
func TestTornRecordsDoNotCount(t *testing.T) {
	for name, test := range map[string]struct {
		tear func(h *hostile, last *record)
		says bool
	}{
		"a sector that was not written": {func(h *hostile, r *record) { h.put(int(h.log().off)+(r.at+r.sectors()-1)*logSector, 4, 0) }, false},
		"bytes of it":                   {func(h *hostile, r *record) { h.put(int(h.log().off)+(r.at+r.headers)*logSector+40, 4, 0x77) }, true},
		"a header and nothing else": {func(h *hostile, r *record) {
			h.write(int(h.log().off)+(r.at+1)*logSector, make([]byte, (r.sectors()-1)*logSector))
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHostile(t, "dirty")
			list := h.records()
			test.tear(h, &list[len(list)-1])
			f, err := h.open()
			if err != nil {
				t.Fatal(err)
			}
			problems := f.Description().Problems
			if len(problems) > 0 != test.says || len(problems) > 0 && problems[0].Taints {
				t.Errorf("problems %v", problems)
			}
			if err := conformance.WalkAll(f); err != nil {
				t.Error(err)
			}
			if _, err := f.Lookup(f.Root(), "the last thing"); err == nil {
				t.Error("what was not written to its end counts")
			}
		})
	}
}

// TestUnfinishedWorkIsSaid: what the next mount would go on with puts content in doubt, or only space.
func TestUnfinishedWorkIsSaid(t *testing.T) {
	intent := func(kind uint16, id uint64) item {
		b := binary.LittleEndian.AppendUint16(nil, kind)
		return item{1, [][]byte{binary.LittleEndian.AppendUint64(append(b, 1, 0, 0, 0, 0, 0), id)}}
	}
	for name, test := range map[string]struct {
		items  []item
		taints bool
		text   string
	}{
		"all done":         {[]item{intent(itemFree, 7), intent(itemMap, 7), intent(itemMap+1, 7), intent(itemFree+1, 7)}, false, ""},
		"another one done": {[]item{intent(itemFree, 7), intent(itemFree+1, 8)}, false, "1 changes of space"},
		"space":            {[]item{intent(itemFree, 1), intent(itemRmap, 1), intent(itemRefcount, 1)}, false, "3 changes of space"},
		"blocks of a file": {[]item{intent(itemMap, 1)}, true, "1 changes of files"},
		"attributes":       {[]item{intent(itemAttribute, 1), intent(itemAttribute, 2)}, true, "2 changes of files"},
		"an exchange":      {[]item{intent(itemExchange, 1)}, true, "1 changes of files"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newReplay(openBytes(t, image(t, "dirty")), nil)
			if err := r.apply(&transaction{items: test.items}); err != nil {
				t.Fatal(err)
			}
			r.describe()
			found := r.fs.Description().Problems
			if test.text == "" && len(found) == 0 {
				return
			}
			if len(found) != 1 || found[0].Taints != test.taints || !strings.Contains(found[0].Message, test.text) {
				t.Errorf("problems %v, want one with %q", found, test.text)
			}
		})
	}
}

// TestNewerMetadataIsNotReplayed: a block or an inode that was written after what the log says of it stays as it is.
func TestNewerMetadataIsNotReplayed(t *testing.T) {
	h := newHostile(t, "dirty")
	r := newReplay(h.fs, h.log())
	blocks, inodes := 0, 0
	if err := h.log().run(r.cancels); err != nil {
		t.Fatal(err)
	}
	later := binary.BigEndian.AppendUint64(nil, 0x7000_0000_0000_0001)
	kept := map[int64]int64{}
	if err := h.log().run(func(tx *transaction) error {
		for i := range tx.items {
			it := &tx.items[i]
			switch it.kind() {
			case itemBuffer:
				b, err := decodeBuffer(it)
				if err != nil {
					return err
				}
				whole := h.Image[b.offset():][:b.size()]
				if at, _ := h.fs.super.identity(whole); at != 0 && b.at.sector != 0 && r.cancelled[b.at] == 0 {
					h.write(int(b.offset())+at, later)
					kept[b.offset()] = int64(b.size())
					blocks++
				}
			case itemInode:
				format, err := decodeInodeItem(it.parts[0])
				if err != nil {
					return err
				}
				off := format.buffer.sector<<9 + format.off
				if whole := h.Image[off:][:512]; whole[0] == 'I' {
					h.write(int(off)+112, later)
					kept[off] = 512
					inodes++
				}
			}
		}
		return nil
	}); err != nil || blocks == 0 || inodes == 0 {
		t.Fatal(blocks, inodes, err)
	}
	f, err := h.open()
	if err != nil {
		t.Fatal(err)
	}
	for off, n := range kept {
		got, err := binread.ReadAt(&f.device, off, n, maxBuffer)
		want, patchErr := binread.ReadAt(&h.Patched, off, n, maxBuffer)
		if err != nil || patchErr != nil || !bytes.Equal(got, want) {
			t.Errorf("what is newer at %#x was replaced: %v, %v", off, err, patchErr)
		}
	}
}
