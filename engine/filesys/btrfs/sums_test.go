package btrfs

import (
	"bytes"
	"strings"
	"testing"

	"github.com/guestctl/guestctl/engine/filesys"
)

func verifyContent(t testing.TB, f *FS) (filesys.VerifiedContent, []filesys.Damage) {
	t.Helper()
	var found []filesys.Damage
	v, err := f.VerifyContent(t.Context(), func(d filesys.Damage) { found = append(found, d) })
	if err != nil {
		t.Fatal(err)
	}
	return v, found
}

// lookUp walks a path.
func lookUp(t testing.TB, f *FS, path ...string) filesys.Node {
	t.Helper()
	n := f.Root()
	for _, name := range path {
		var err error
		if n, err = f.Lookup(n, name); err != nil {
			t.Fatal(err)
		}
	}
	return n
}

// placesOf are where the content of a file begins.
func placesOf(t testing.TB, f *FS, n filesys.Node) places {
	t.Helper()
	c, err := f.Open(n)
	if err != nil {
		t.Fatal(err)
	}
	p, err := f.places(c.(*file).extents[0].disk)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestContentIsHeldAgainstItsChecksums has an image of each kind of them.
func TestContentIsHeldAgainstItsChecksums(t *testing.T) {
	for _, name := range []string{"zstd", "lzo", "zlib", "mixed", "crashed/packed", "crashed/content"} {
		b := image(t, name)
		f := openBytes(t, b)
		v, found := verifyContent(t, f)
		if len(found) > 0 || v.Damage > 0 || v.Without > 0 || len(v.Unchecked) > 0 || v.Bytes == 0 {
			t.Fatalf("%s: %+v, %+v, want no damage", name, v, found)
		}
		path := []string{"packed", "noise"}
		if strings.HasPrefix(name, "crashed/") {
			path = []string{"sub", "new"}[strings.Count(name, "content"):]
		}
		n := lookUp(t, f, path...)
		p := placesOf(t, f, n)
		b = bytes.Clone(b)
		b[p.copies[0].off+p.off+4099] ^= 1
		_, found = verifyContent(t, openBytes(t, b))
		if len(found) == 0 {
			t.Errorf("%s: a byte was changed, and nothing is found", name)
		}
		for _, d := range found {
			if d.Kind != filesys.DamagedContent || d.Harm != filesys.HarmLoss || d.Block != int64(p.copies[0].off+p.off)/4096+1 {
				t.Errorf("%s: %+v", name, d)
			}
		}
		if found[0].Node != n && found[len(found)-1].Node != n { // the snapshot has it as well
			t.Errorf("%s: %+v, want node %d", name, found, n)
		}
	}
}

func TestOneCopyOfContentIsDamaged(t *testing.T) {
	devices := deviceSet(t, "raid1c3")
	f := openSet(t, devices)
	n := lookUp(t, f, "noise of 65536")
	p := placesOf(t, f, n)
	for i, want := range []filesys.Harm{filesys.HarmRisk, filesys.HarmRisk, filesys.HarmLoss} {
		s := p.copies[i]
		s.at.r.(filesys.Device).ReaderAt.(*sparse).flip(int64(s.off + p.off))
		v, found := verifyContent(t, openSet(t, devices))
		if len(found) != 1 || found[0].Harm != want || found[0].Node != n || found[0].Block != -1 {
			t.Errorf("%d of 3 copies: %+v, want %s", i+1, found, want)
		}
		if v.Without != 1 {
			t.Errorf("%d files without checksums, want 1", v.Without)
		}
	}
	_, found := verifyContent(t, openSet(t, lacking(devices, 0)))
	if len(found) != 1 || found[0].Harm != filesys.HarmLoss {
		t.Errorf("without the first device: %+v", found)
	}
}

func TestContentOnAMissingDeviceIsLost(t *testing.T) {
	v, found := verifyContent(t, openSet(t, lacking(deviceSet(t, "single"), 1)))
	if len(found) == 0 || v.Damage != uint64(len(found)) || !strings.Contains(found[0].Message, "on none of the disks") {
		t.Errorf("%+v, %+v, want what is missing", v, found)
	}
}
