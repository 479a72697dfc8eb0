package btrfs

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
	"github.com/guestctl/guestctl/internal/conformance"
)

const pieceSize = 64 << 10

// sparse is a device of which most is zeros.
type sparse struct {
	pieces map[int64][]byte
	size   int64
}

func (s *sparse) ReadAt(b []byte, off int64) (n int, err error) {
	for n < len(b) {
		at := off + int64(n)
		if at >= s.size {
			return n, io.EOF
		}
		rest := b[n:]
		rest = rest[:min(int64(len(rest)), pieceSize-at%pieceSize, s.size-at)]
		clear(rest)
		if p := s.pieces[at/pieceSize]; p != nil {
			copy(rest, p[at%pieceSize:])
		}
		n += len(rest)
	}
	return n, nil
}

// flip changes a byte.
func (s *sparse) flip(off int64) { s.pieces[off/pieceSize][off%pieceSize] ^= 1 }

// deviceSets holds what was unpacked.
var deviceSets sync.Map

// deviceSet returns a set of devices of testdata, which the caller may change.
func deviceSet(t testing.TB, name string) (devices []filesys.Device) {
	t.Helper()
	known, ok := deviceSets.Load(name)
	if !ok {
		known = unpackSet(t, name)
		deviceSets.Store(name, known)
	}
	for _, d := range known.([]filesys.Device) {
		original := d.ReaderAt.(*sparse)
		mine := &sparse{map[int64][]byte{}, original.size}
		for i, p := range original.pieces {
			mine.pieces[i] = bytes.Clone(p)
		}
		d.ReaderAt = mine
		devices = append(devices, d)
	}
	return devices
}

func unpackSet(t testing.TB, name string) (devices []filesys.Device) {
	t.Helper()
	packed, err := conformance.ReadFile(filepath.Join("testdata/sets", name+".tar.zst"))
	if err != nil {
		t.Fatal(err)
	}
	for r := tar.NewReader(bytes.NewReader(packed)); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return devices
		}
		if err != nil {
			t.Fatal(err)
		}
		s := &sparse{map[int64][]byte{}, h.Size}
		zeros, piece := make([]byte, pieceSize), make([]byte, pieceSize)
		for i := range h.Size / pieceSize {
			if _, err := io.ReadFull(r, piece); err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(piece, zeros) {
				s.pieces[i] = bytes.Clone(piece)
			}
		}
		devices = append(devices, filesys.Device{ReaderAt: s, Name: strings.TrimSuffix(h.Name, ".img"), Size: h.Size})
	}
}

func openSet(t testing.TB, devices []filesys.Device) *FS {
	t.Helper()
	f, err := OpenSet(devices)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// lacking is the set without one of its devices.
func lacking(devices []filesys.Device, i int) []filesys.Device {
	return slices.Delete(slices.Clone(devices), i, i+1)
}

func setTruth(t *testing.T, name string) []conformance.Object {
	t.Helper()
	truth, err := conformance.ReadTruth("testdata/sets/" + name + ".jsonl.gz")
	if err != nil {
		t.Fatal(err)
	}
	return truth
}

func TestSetsHoldWhatTheKernelSays(t *testing.T) {
	for _, name := range []string{"raid0", "raid1", "raid1c3", "raid10", "raid5", "raid6", "single"} {
		t.Run(name, func(t *testing.T) {
			devices := deviceSet(t, name)
			slices.Reverse(devices)
			id, err := Format.Set(devices[0], devices[0].Size)
			f := openSet(t, devices)
			if d := f.Description(); id != d.UUID || err != nil || len(d.Problems) > 0 {
				t.Errorf("set %q, %v, want %s; problems %v", id, err, d.UUID, d.Problems)
			}
			conformance.FS(t, f, setTruth(t, name))
		})
	}
}

// held counts what is as the truth says, and what gives errors. Nothing may be otherwise.
func held(t *testing.T, f *FS, name string) (right, lost int) {
	t.Helper()
	want := map[string]string{}
	for _, o := range setTruth(t, name) {
		want[o.Path] = o.SHA256
	}
	err := conformance.Walk(f, func(path string, n filesys.Node) error {
		got, err := conformance.Describe(f, n)
		switch {
		case err != nil && !errors.Is(err, binread.ErrCorrupt) || err != nil && binread.HintOf(err) == "":
			t.Errorf("%s: %s: %v, want what to do about it", name, path, err)
		case err == nil && got.SHA256 != want[path]:
			t.Errorf("%s: %s is not what it was", name, path)
		case err == nil:
			right++
		}
		return nil
	})
	if right == len(want) && err != nil {
		t.Error(err)
	}
	return right, len(want) - right
}

// TestAMissingDevice: where there is another copy all is read.
func TestAMissingDevice(t *testing.T) {
	for name, most := range map[string]int{"raid1": 1, "raid10": 1, "raid1c3": 2} {
		devices := deviceSet(t, name)
		for i := range devices {
			f := openSet(t, lacking(devices, i))
			if p := f.Description().Problems; len(p) != 1 || p[0].Taints || !strings.Contains(p[0].Message, "is on none of the disks") {
				t.Errorf("%s without %d: problems %+v", name, i, p)
			}
			if _, lost := held(t, f, name); lost > 0 {
				t.Errorf("%s without %d: %d objects are lost", name, i, lost)
			}
		}
		if _, lost := held(t, openSet(t, devices[most:]), name); lost > 0 {
			t.Errorf("%s without %d devices: %d objects are lost", name, most, lost)
		}
	}
}

// TestAMissingDeviceWithoutACopy: nothing is invented.
func TestAMissingDeviceWithoutACopy(t *testing.T) {
	for _, name := range []string{"raid0", "raid5", "raid6", "single"} {
		devices := deviceSet(t, name)
		all := 0
		for i := range devices {
			f, err := OpenSet(lacking(devices, i))
			if err == nil {
				_, lost := held(t, f, name)
				all += lost
				continue
			}
			if all++; !errors.Is(err, binread.ErrCorrupt) || binread.HintOf(err) == "" {
				t.Errorf("%s without %d: %v, want what to do about it", name, i, err)
			}
		}
		if all == 0 {
			t.Errorf("%s: what is on a device that is missing was read", name)
		}
	}
}

func TestDevicesThatAreNoSet(t *testing.T) {
	one, other := deviceSet(t, "raid1"), deviceSet(t, "raid10")
	for name, test := range map[string]struct {
		devices []filesys.Device
		want    error
	}{
		"one device twice":    {[]filesys.Device{one[0], one[1], one[0]}, binread.ErrUnsupported},
		"of two file systems": {[]filesys.Device{one[0], other[1]}, binread.ErrCorrupt},
	} {
		if _, err := OpenSet(test.devices); !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", name, err, test.want)
		}
	}
}

// TestADeviceThatMissedChanges is read last.
func TestADeviceThatMissedChanges(t *testing.T) {
	devices := deviceSet(t, "raid1")
	old := devices[0].ReaderAt.(*sparse)
	super := make([]byte, superSize)
	if _, err := old.ReadAt(super, superOffset); err != nil {
		t.Fatal(err)
	}
	super[0x48] -= 2 // the generation
	super[0xa4] -= 2 // and that of the tree of chunks
	resumAs(sumXXHash, super)
	copy(old.pieces[superOffset/pieceSize], super)
	f := openSet(t, devices)
	if p := f.Description().Problems; len(p) != 1 || p[0].Taints || !strings.Contains(p[0].Message, "missed changes") {
		t.Errorf("problems %+v, want that it missed changes", p)
	}
	for i := range old.pieces { // nothing of it is right any more, and nothing of it is read
		if i > superOffset/pieceSize {
			clear(old.pieces[i])
		}
	}
	if _, lost := held(t, openSet(t, devices), "raid1"); lost > 0 {
		t.Errorf("%d objects are lost", lost)
	}
}

// TestADamagedCopyOfABlockIsSaid where opening meets it.
func TestADamagedCopyOfABlockIsSaid(t *testing.T) {
	devices := deviceSet(t, "raid1c3")
	at, err := openSet(t, devices).places(openSet(t, devices).super.root.block)
	if err != nil {
		t.Fatal(err)
	}
	s := at.copies[0]
	s.at.r.(filesys.Device).ReaderAt.(*sparse).flip(int64(s.off+at.off) + 2000)
	f := openSet(t, devices)
	if p := f.Description().Problems; len(p) != 1 || p[0].Taints || !strings.Contains(p[0].Message, "another copy is read") {
		t.Errorf("problems %+v, want that a copy is damaged", p)
	}
}
