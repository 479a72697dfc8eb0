package vmdk

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/guestctl/guestctl/engine/image"
	"github.com/guestctl/guestctl/internal/conformance"
)

// checkCases are damaged disks with the number of corruptions that qemu-img 7.2 finds in them (-1: it gives up), and what is
// told beyond that. qemu-img reads neither redundant tables nor compressed grains when it checks.
var checkCases = []struct {
	name, disk        string
	change            func(f file) file
	qemu              int
	damaged, doubtful int
	text              string
}{
	{"nothing", "base", func(f file) file { return f }, 0, 0, 0, ""},
	{"not closed", "base", func(f file) file { f[0x48] = 1; return f }, 0, 0, 1, "doubtful: the disk was not closed"},
	{"entry zeroed in the table", "base", func(f file) file { f.set32(f.table()+4, 0); return f }, 0, 1, 1, "damaged: a grain table and its redundant copy differ: one of them names grains that the other does not at guest 0x10000 to 0x1ffff"},
	{"entry zeroed in the copy", "base", func(f file) file { f.set32(f.copy()+4, 0); return f }, 0, 1, 0, "redundant copy differ"},
	{"entry zeroed in both", "base", func(f file) file { f.setGrain(1, 0); return f }, 0, 0, 1, "doubtful: space that nothing refers to holds data"},
	{"table zeroed", "base", func(f file) file { clear(f[f.table() : f.table()+2048]); return f }, 0, 18, 1, "at guest 0x0 to 0xfffff"},
	{"two entries of one grain", "base", func(f file) file { f.setGrain(1, uint32(f.grain(0)/512)); return f }, 0, 1, 1, "a grain lies over another at guest 0x10000"},
	{"grain over the table", "base", func(f file) file { f.setGrain(1, uint32(f.table()/512)); return f }, 0, 3, 1, "a grain lies over a grain table at guest 0x10000"},
	{"grain beyond the end", "base", func(f file) file { f.setGrain(1, 1<<31); return f }, -1, 1, 1, "damaged: a grain is beyond the end of the file at guest 0x10000 to 0x1ffff"},
	{"grain in the header", "base", func(f file) file { f.setGrain(1, 1); return f }, 0, 1, 1, "an entry of a grain table is none of the format"},
	{"grain beyond the end in one table", "base", func(f file) file { f.set32(f.table()+4, 1<<31); return f }, -1, 2, 1, "redundant copy differ"},
	{"table beyond the end", "base", func(f file) file { f.set32(f.directory(), 1<<31); return f }, 0, 1, 0, "1 of 1 entries of the grain directory are damaged: the redundant one is used"},
	{"both tables beyond the end", "base", func(f file) file { f.set32(f.directory(), 1<<31); f.set32(f.redundant(), 1<<31); return f }, 0, 1, 1, "a grain table does not lie in the file at guest 0x0 to 0x2fffff"},
	{"directory beyond the end", "base", func(f file) file { f.set64(0x38, 1<<40); return f }, 0, 1, 0, "the redundant grain directory is used"},
	{"redundant directory beyond the end", "base", func(f file) file { f.set64(0x30, 1<<40); return f }, 0, 1, 0, "redundant grain directory at sector"},
	{"size of the descriptor", "base", func(f file) file { return f.replace("RW 6144", "RW 6143") }, 0, 1, 0, "the header one of 3145728, which is read"},
	{"data behind the last grain", "base", func(f file) file { return append(f, bytes.Repeat([]byte("x"), 64<<10)...) }, 0, 0, 1, "holds data"},

	{"nothing, compressed", "streamOptimized", func(f file) file { return f }, 0, 0, 0, ""},
	{"grain damaged", "streamOptimized", func(f file) file { f[f.grain(1)+40] ^= 0xff; return f }, 0, 1, 0, "damaged: a compressed grain cannot be read: compressed grain of"},
	{"marker of another place", "streamOptimized", func(f file) file { f.set64(f.grain(1), 0); return f }, 0, 1, 1, "its marker is of sector 0"},
	{"grains exchanged", "streamOptimized", func(f file) file {
		a, b := uint32(f.grain(0)/512), uint32(f.grain(1)/512)
		f.setGrain(0, b)
		f.setGrain(1, a)
		return f
	}, 0, 2, 2, "its table has it at sector"},
	{"grain lost", "streamOptimized", func(f file) file { f.setGrain(1, 0); return f }, 0, 0, 1, "doubtful: space that nothing refers to holds data"},
}

func TestCheckFindsDamage(t *testing.T) {
	for _, c := range checkCases {
		t.Run(c.name, func(t *testing.T) {
			b := c.change(read(t, c.disk+".vmdk"))
			img, err := conformance.Open(Format, b, nil)
			if err != nil {
				t.Fatal(err)
			}
			got, told, err := conformance.Check(t, img)
			if err != nil || !strings.Contains(told, c.text) || c.text == "" && told != "" {
				t.Errorf("%v, told %q, want %q", err, told, c.text)
			}
			if got.Damaged != c.damaged || got.Doubtful != c.doubtful {
				t.Errorf("%d damaged, %d doubtful, want %d, %d:\n%s", got.Damaged, got.Doubtful, c.damaged, c.doubtful, told)
			}
			if n := conformance.QEMUCorruptions(t, "vmdk", b); n != c.qemu {
				t.Errorf("qemu-img finds %d corruptions, want %d", n, c.qemu)
			}
		})
	}
}

// TestRedundantTablesAreUsed damages the primary tables, and wants the content, and a problem that says so.
func TestRedundantTablesAreUsed(t *testing.T) {
	for name, change := range map[string]func(f file){
		"directory outside of the file": func(f file) { f.set64(0x38, 1<<40) },
		"directory at 0":                func(f file) { f.set64(0x38, 0) },
		"directory zeroed":              func(f file) { f.set32(f.directory(), 0) },
		"table outside of the file":     func(f file) { f.set32(f.directory(), 1<<31) },
		"grains outside of the file":    func(f file) { f.set32(f.table(), 1<<31); f.set32(f.table()+4*5, 1<<30) },
	} {
		t.Run(name, func(t *testing.T) {
			f := read(t, "base.vmdk")
			change(f)
			img, err := conformance.Open(Format, f, nil)
			if err != nil {
				t.Fatal(err)
			}
			conformance.Image(t, img, conformance.Truth(t, "base"))
			if told := strings.Join(img.Description().Problems, "; "); !strings.Contains(told, "damaged") && !strings.Contains(told, "redundant") {
				t.Errorf("problems %q, want the damage", told)
			}
			if c, told, err := conformance.Check(t, img); err != nil || c.Damaged == 0 {
				t.Errorf("check: %v, %q, want damage", err, told)
			}
		})
	}
}

// TestAParentThatWasWrittenToIsSaid gives parents that are not what their children were made upon.
func TestAParentThatWasWrittenToIsSaid(t *testing.T) {
	const want = `the parent "vmfs.vmdk" has the content id 11111112, and this disk was made upon 11111111: the parent was written to since`
	changed := map[string][]byte{"vmfs.vmdk": read(t, "vmfs.vmdk").replace("11111111", "11111112")}
	for name, prefix := range map[string]string{"vmfsSparse": "", "seSparse": `parent "vmfsSparse.vmdk": `} {
		img := openFixture(t, name, changed)
		if told := strings.Join(img.Description().Problems, "; "); !strings.HasPrefix(told, prefix+want) {
			t.Errorf("%s: problems %q, want %q", name, told, prefix+want)
		}
		c, told, err := conformance.Check(t, img)
		if err != nil || c.Damaged != 1 || !strings.Contains(told, want) {
			t.Errorf("%s: check %v, %q, want one damage, %q", name, err, told, want)
		}
	}
}

func TestDamageOfExtentsHasTheirNames(t *testing.T) {
	delta := read(t, "vmfsSparse-delta.vmdk")
	delta.set32(int(delta.u32(2048))*sectorSize+4*3, 1<<31) // its grain 3 of the first table
	c, told, err := conformance.Check(t, openFixture(t, "vmfsSparse", map[string][]byte{"vmfsSparse-delta.vmdk": delta}))
	if err != nil || c.Damaged != 1 || !strings.Contains(told, `"vmfsSparse-delta.vmdk": guest 0x600 to 0x7ff`) {
		t.Errorf("%v, %q, want one damage of the extent, of guest bytes 0x600 to 0x7ff", err, told)
	}
}

func TestACheckThatIsEndedSaysSo(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, name := range []string{"base", "streamOptimized", "seSparse"} {
		_, _, err := image.CheckOf(ctx, openFixture(t, name, nil), image.CheckOptions{Report: func(image.Damage) {}})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v, want %v", name, err, context.Canceled)
		}
	}
}
