package intact_test

import (
	"errors"
	"testing"
	"time"

	"github.com/guestctl/guestctl/backup/cycle"
	"github.com/guestctl/guestctl/backup/intact"
	"github.com/guestctl/guestctl/engine"
	"github.com/guestctl/guestctl/engine/image"
	"github.com/guestctl/guestctl/finding"
)

// worn is an image of which one byte cannot be read.
type worn struct {
	image.Image
	bad int64
}

func (w worn) ReadAt(p []byte, off int64) (int, error) {
	if off <= w.bad && w.bad < off+int64(len(p)) {
		return 0, errors.New("medium error")
	}
	return w.Image.ReadAt(p, off)
}

func (w worn) Extent(off, n int64) (image.Extent, error) { return image.ExtentOf(w.Image, off, n) }

// lastData is a byte of the last data that an image holds.
func lastData(tb testing.TB, img image.Image) (at int64) {
	tb.Helper()
	for off := int64(0); off < img.Size(); {
		e, err := image.ExtentOf(img, off, img.Size()-off)
		if err != nil {
			tb.Fatal(err)
		}
		if off += e.Len; !e.Zero {
			at = off - 1
		}
	}
	return at
}

// TestSharesComeToTheWhole reads two disks, the second of them with a byte that cannot be read, in runs of one piece each.
func TestSharesComeToTheWhole(t *testing.T) {
	whole, _ := verify(t, small, intact.Options{Full: true})
	sound, broken := open(t, small), open(t, small)
	size := sound.Disks[0].Size()
	bad := lastData(t, sound.Disks[0].Image)
	two := func(second image.Image) *engine.Machine {
		m := *sound
		m.Disks = []engine.Disk{sound.Disks[0], {Name: "second", Image: second}}
		return &m
	}
	damaged := two(worn{broken.Disks[0].Image, bad})
	state := cycle.Begin("disks", 2*size)
	run := func(m *engine.Machine, day int, b cycle.Budget) (*intact.Verification, finding.Finding) {
		v, err := intact.Verify(t.Context(), m, intact.Options{Full: true, Share: &intact.Share{
			Budget: b, State: state, Now: time.Date(2026, 11, 1+day, 0, 0, 0, 0, time.UTC), Within: 20 * 24 * time.Hour,
		}})
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range v.Findings() {
			if f.ID == intact.DataLayer {
				return v, f
			}
		}
		t.Fatal("no finding about the data")
		return nil, finding.Finding{}
	}
	one := cycle.Budget{Bytes: 1}
	read, at, day := int64(0), int64(0), 0
	for ; at < 2*size; day++ {
		v, f := run(damaged, day, one)
		if v.Cycle.From != at || v.Cycle.To <= at {
			t.Fatalf("run %d read from %d to %d, want it from %d on", day, v.Cycle.From, v.Cycle.To, at)
		}
		at = v.Cycle.To
		want := finding.Pass
		if at > size+bad {
			want = finding.Fail
		}
		if f.Status != want {
			t.Errorf("run %d, up to %d: %s: %s, want %s", day, at, f.Status, f.Message, want)
		}
		read += v.Read
	}
	if read != 2*whole.Read || day < 10 {
		t.Errorf("%d runs read %d bytes, want %d", day, read, 2*whole.Read)
	}
	// What one run found is not forgotten by those that read other places, and is no longer told when it can be read.
	if _, f := run(damaged, day, one); f.Status != finding.Fail || len(f.Where) != 1 {
		t.Errorf("in the next cycle: %s, %v", f.Status, f.Where)
	}
	if v, f := run(two(sound.Disks[0].Image), day+1, one); f.Status != finding.Pass || v.Cycle.To == 2*size {
		t.Errorf("when it is mended: %s: %s", f.Status, f.Message)
	}
	if _, f := run(damaged, day+2, cycle.Budget{}); f.Status != finding.Fail || len(f.Where) != 1 || state.Next != 0 {
		t.Errorf("without a bound: %s, %v", f.Status, f.Where)
	}
}

func TestASharesTimeIsUpAfterOnePiece(t *testing.T) {
	state := cycle.Begin("disk", open(t, small).Disks[0].Size())
	v, found := verify(t, small, intact.Options{Full: true, Share: &intact.Share{
		Budget: cycle.Budget{Spent: func() bool { return true }}, State: state, Now: time.Unix(1795392000, 0), Within: time.Hour,
		NotKnown: "it is a device",
	}})
	if v.Read == 0 || v.Cycle.To == v.Cycle.Size || v.Cycle.Kept {
		t.Errorf("read %d bytes: %+v", v.Read, v.Cycle)
	}
	if f := found[cycle.Check]; f.Status != finding.Unknown || f.Message != "it is a device" {
		t.Errorf("%s: %s", f.Status, f.Message)
	}
}
