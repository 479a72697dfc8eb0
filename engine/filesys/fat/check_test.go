package fat

import (
	"bytes"
	"context"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/guestctl/guestctl/engine/filesys"
)

// fsck is what fsck.vfat says of an image, or "" where it is not installed.
func fsck(t *testing.T, b []byte) (said string, damaged bool) {
	t.Helper()
	path, err := exec.LookPath("fsck.vfat")
	if err != nil {
		if path = "/usr/sbin/fsck.vfat"; exec.Command(path, "-h").Run() != nil {
			return "", false
		}
	}
	file := filepath.Join(t.TempDir(), "fat.img")
	if err := os.WriteFile(file, b, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), path, "-n", file).CombinedOutput()
	return string(out), err != nil
}

func TestCheckFindsWhatFsckFinds(t *testing.T) {
	const file = "pieces/one"
	for _, test := range []struct {
		name, image string
		damage      func(h *hostile)
		says        string // fsck.vfat, in part; "" where it does not look
		want        filesys.DamageKind
		harm        filesys.Harm
	}{
		{"copies of the table", "fat16", func(h *hostile) { h.linkOf(1, 3, 0x1234) }, "FATs differ", filesys.DamagedSuperblock, filesys.HarmLoss},
		{"a shared cluster", "fat16", func(h *hostile) { h.put(h.entry("sizes/511")+26, 2, uint64(h.cluster("sizes/513", 0))) }, "share clusters", filesys.SharedBlock, filesys.HarmLoss},
		{"two chains that meet", "fat16", func(h *hostile) { h.link(h.cluster(file, 5), uint64(h.cluster("pieces/two", 20))) }, "share clusters", filesys.SharedBlock, filesys.HarmLoss},
		{"a chain that is too short", "fat16", func(h *hostile) { h.link(h.cluster(file, 20), 0xffff) }, "cluster chain length is", filesys.DamagedMap, filesys.HarmLoss},
		{"a chain that is too long", "fat16", func(h *hostile) { h.put(h.entry(file)+28, 4, 10) }, "cluster chain length is", filesys.DamagedMap, filesys.HarmNone},
		{"a chain into a free cluster", "fat16", func(h *hostile) { h.link(h.cluster(file, 20), 0) }, "Contains a free cluster", filesys.DamagedMap, filesys.HarmLoss},
		{"a chain into a bad cluster", "fat16", func(h *hostile) { h.link(h.cluster(file, 20), 0xfff7) }, "bad cluster", filesys.DamagedMap, filesys.HarmLoss},
		{"a chain behind the end", "fat16", func(h *hostile) { h.link(h.cluster(file, 20), 0xffee) }, "Cluster", filesys.DamagedMap, filesys.HarmLoss},
		{"a first cluster behind the end", "fat16", func(h *hostile) { h.put(h.entry(file)+26, 2, 0xff00) }, "Start cluster beyond limit", filesys.DamagedMap, filesys.HarmLoss},
		{"a chain that comes back", "fat16", func(h *hostile) { h.link(h.cluster(file, 39), uint64(h.cluster(file, 1))) }, "", filesys.DamagedMap, filesys.HarmLoss},
		{"lost clusters", "fat16", func(h *hostile) { h.b[h.entry(file)] = entryDeleted }, "Reclaimed", filesys.Unconnected, filesys.HarmNone},
		{"a size of a directory", "fat16", func(h *hostile) { h.put(h.entry("names")+28, 4, 512) }, "non-zero size", filesys.DamagedInode, filesys.HarmNone},
		{`a directory without "."`, "fat16", func(h *hostile) { h.b[h.content("names", 0)] = entryDeleted }, "", filesys.DamagedDirectory, filesys.HarmLoss},
		{`a ".." that leads elsewhere`, "fat16", func(h *hostile) { h.put(h.content("deep/level 0", 0)+32+26, 2, 77) }, "Invalid '..' entry", filesys.DamagedDirectory, filesys.HarmRisk},
		{`a "." that leads elsewhere`, "fat16", func(h *hostile) { h.put(h.content("names", 0)+26, 2, 77) }, "Invalid '.' entry", filesys.DamagedDirectory, filesys.HarmRisk},
		{"a long name of another", "fat16", func(h *hostile) { h.b[h.entry("names/with space.txt")+1] ^= 1 }, "Wrong checksum for long file name", filesys.DamagedDirectory, filesys.HarmLoss},
		{"a long name without its end", "fat16", func(h *hostile) { h.b[h.entry("names/with space.txt")-64] = entryDeleted }, "fragment", filesys.DamagedDirectory, filesys.HarmNone},
		{"a long name of nothing", "fat16", func(h *hostile) {
			at := h.entry("names/.hidden")
			h.put(at+26, 2, 0)
			h.put(at+28, 4, 0)
			h.b[at] = entryDeleted
		}, "Orphaned long file name", filesys.DamagedDirectory, filesys.HarmNone},
		{"a cluster in a long name", "fat16", func(h *hostile) { h.put(h.entry("names/.hidden")-32+26, 2, 5) }, "slot is not 0", filesys.DamagedDirectory, filesys.HarmNone},
		{"a short name that none may be", "fat16", func(h *hostile) { h.b[h.entry("names/UPPER.TXT")+2] = '*' }, "Bad short file name", filesys.DamagedDirectory, filesys.HarmRisk},
		{"a file that became a label", "fat16", func(h *hostile) { h.b[h.entry("names/UPPER.TXT")+11] = attrVolume }, "", filesys.DamagedDirectory, filesys.HarmLoss},
		{"one name twice", "fat16", func(h *hostile) { copy(h.b[h.entry("names/NOEXT2"):], h.b[h.entry("names/A"):][:11]) }, "Duplicate directory entry", filesys.DamagedDirectory, filesys.HarmLoss},
		{"the copy of the boot sector", "fat32", func(h *hostile) { h.b[6*512+3] = 'X' }, "differences between boot sector and its backup", filesys.DamagedSuperblock, filesys.HarmRisk},
		{"the count of free clusters", "fat32", func(h *hostile) { h.put(512+488, 4, 17) }, "Free cluster summary wrong (17", filesys.DamagedCount, filesys.HarmNone},
		{"the information sector", "fat32", func(h *hostile) { h.put(512, 4, 0) }, "bad magic", filesys.DamagedCount, filesys.HarmNone},
		{"the next free cluster", "fat32", func(h *hostile) { h.put(512+492, 4, 1<<30) }, "", filesys.DamagedCount, filesys.HarmNone},
		{"dirty", "fat32", func(h *hostile) { h.b[0x41] = 1 }, "Dirty bit is set", filesys.RecordedError, filesys.HarmRisk},
		{"media in the table", "fat16", func(h *hostile) { h.link(0, 0xfff0) }, "", filesys.DamagedBitmap, filesys.HarmNone},
		{"the root directory in a loop", "fat32", func(h *hostile) {
			h.link(h.fs.boot.rootCluster, uint64(h.fs.boot.rootCluster))
		}, "", filesys.DamagedDirectory, filesys.HarmFatal},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := newHostile(t, test.image)
			test.damage(h)
			found, checked := checkAll(t, openBytes(t, h.b))
			is := func(d filesys.Damage) bool { return d.Kind == test.want && d.Harm == test.harm }
			if !slices.ContainsFunc(found, is) || checked.Damage != uint64(len(found)) {
				t.Errorf("found %d: %+v, want %s, %s", checked.Damage, found, test.want, test.harm)
			}
			if said, _ := fsck(t, h.b); said != "" && !strings.Contains(said, test.says) {
				t.Errorf("fsck.vfat says %q, want %q", said, test.says)
			}
		})
	}
}

// TestCheckFindsRandomOverwrites: whatever fsck.vfat finds of a sector of metadata that was overwritten is found here.
func TestCheckFindsRandomOverwrites(t *testing.T) {
	if said, _ := fsck(t, image(t, "fat16")); said == "" {
		t.Skip("no fsck.vfat")
	}
	both, tried := 0, 0
	for _, name := range []string{"fat12", "fat16", "fat32-2k"} {
		whole := image(t, name)
		sectors := metadataSectors(t, openBytes(t, whole), whole)
		random := rand.New(rand.NewPCG(6, 2026))
		count := 20
		if testing.Short() {
			count /= 5
		}
		for i := range count {
			b := bytes.Clone(whole)
			at := sectors[random.IntN(len(sectors))]*bootSize + random.Int64N(bootSize-16)
			for j := range 1 + random.Int64N(16) {
				b[at+j] = byte(random.IntN(256))
			}
			tried++
			said, damaged := fsck(t, b)
			f, err := Open(bytes.NewReader(b), int64(len(b)))
			if err != nil {
				continue
			}
			found, _ := checkAll(t, f)
			if damaged {
				both++
			}
			if damaged && len(found) == 0 {
				t.Errorf("%s %d: at %#x: nothing is found, and fsck.vfat says %q", name, i, at, said)
			}
		}
	}
	if both < tried/4 {
		t.Errorf("fsck.vfat finds only %d of %d overwrites: the test does not reach metadata", both, tried)
	}
}

// metadataSectors are the sectors that are in use and hold no content.
func metadataSectors(t *testing.T, f *FS, b []byte) (list []int64) {
	t.Helper()
	for _, sector := range usedSectors(b) {
		block := uint64(sector * bootSize / f.boot.blockSize())
		owners, err := f.Owners(context.Background(), []uint64{block})
		if err != nil {
			t.Fatal(err)
		}
		if use := owners[block].Use; use == filesys.UseMap || use == filesys.UseDirectory {
			list = append(list, sector)
		}
	}
	return list
}

// TestOwnersOfKnownBlocks names one block of each use.
func TestOwnersOfKnownBlocks(t *testing.T) {
	for _, name := range []string{"fat16", "fat32-2k", "fat16-1copy"} {
		h := newHostile(t, name)
		f := h.fs
		size := int(f.boot.blockSize())
		for use, test := range map[string]struct {
			block int
			want  filesys.Owner
		}{
			"boot sector":        {0, filesys.Owner{Use: filesys.UseSuperblock}},
			"table":              {int(f.boot.tableOff())/size + 1, filesys.Owner{Use: filesys.UseMap}},
			"directory":          {h.content("names", 1) / size, filesys.Owner{Use: filesys.UseDirectory, Node: find(t, f, "names")}},
			"content":            {h.content("pieces/two", 3) / size, filesys.Owner{Use: filesys.UseContent, Node: find(t, f, "pieces/two")}},
			"last block, unused": {int(f.boot.clusterOff(f.boot.last())) / size, filesys.Owner{Use: filesys.UseFree}},
			"behind the end":     {1 << 40, filesys.Owner{Use: filesys.UseUnknown}},
		} {
			owners, err := f.Owners(context.Background(), []uint64{uint64(test.block), 1, uint64(test.block)})
			if got := owners[uint64(test.block)]; err != nil || got != test.want {
				t.Errorf("%s: %s: block %d: %+v, %v, want %+v", name, use, test.block, got, err, test.want)
			}
		}
	}
}

// TestOwnersAgreeWithRuns: the owner of each block that a file says it is on is that file.
func TestOwnersAgreeWithRuns(t *testing.T) {
	h := newHostile(t, "fat16")
	n := find(t, h.fs, "pieces/one")
	c, err := h.fs.Open(n)
	if err != nil {
		t.Fatal(err)
	}
	var content bytes.Buffer
	var blocks []uint64
	whole := c.(filesys.Mapped).Runs(func(r filesys.Run) {
		content.Write(h.b[r.Off : r.Off+r.Len])
		blocks = append(blocks, uint64(r.Off/h.fs.boot.blockSize()))
	})
	want := make([]byte, c.Size())
	if _, err := c.ReadAt(want, 0); err != nil || !whole || !bytes.Equal(content.Bytes(), want) || len(blocks) < 20 {
		t.Errorf("%d runs, whole: %v, %v: they do not hold the content", len(blocks), whole, err)
	}
	owners, err := h.fs.Owners(context.Background(), blocks)
	for _, b := range blocks {
		if owners[b] != (filesys.Owner{Use: filesys.UseContent, Node: n}) || err != nil {
			t.Errorf("block %d: %+v, %v", b, owners[b], err)
		}
	}
}

// TestEveryBlockHasAnOwner: and as many are free as the table says.
func TestEveryBlockHasAnOwner(t *testing.T) {
	for _, name := range []string{"fat12", "fat16", "fat16-1copy", "fat32", "fat32-2k"} {
		f := openImage(t, name)
		d := f.Description()
		blocks := make([]uint64, d.Size/d.BlockSize)
		for i := range blocks {
			blocks[i] = uint64(i)
		}
		owners, err := f.Owners(context.Background(), blocks)
		if err != nil || len(owners) != len(blocks) {
			t.Fatal(len(owners), err)
		}
		free := int64(0)
		for block, o := range owners {
			inClusters := int64(block)*d.BlockSize+d.BlockSize <= f.boot.clusterOff(f.boot.last())+f.boot.clusterSize()
			switch {
			case o.Use == filesys.UseUnknown:
				t.Errorf("%s: block %d is in use, and nobody's", name, block)
			case o.Use == filesys.UseFree && inClusters:
				free += d.BlockSize
			}
		}
		if free != d.Free {
			t.Errorf("%s: %d bytes are free, want %d", name, free, d.Free)
		}
	}
}

// TestCheckEndsWhereDirectoriesAreInACircle: directories that are each other's entries are looked at once.
func TestCheckEndsWhereDirectoriesAreInACircle(t *testing.T) {
	h := newHostile(t, "many")
	dir := h.entry("many")
	for i := range 5000 { // every entry of the directory is the directory
		at := h.entry("many/an entry among many " + strconv.Itoa(i))
		h.b[at+11] = attrDirectory
		h.put(at+26, 2, uint64(h.b[dir+26])|uint64(h.b[dir+27])<<8)
		h.put(at+28, 4, 0)
	}
	found, checked := checkAll(t, openBytes(t, h.b))
	if checked.Damage < 5000 || len(found) != filesys.MaxDamage || checked.Directories > 5002 {
		t.Errorf("%d directories, %d damaged, %d reported", checked.Directories, checked.Damage, len(found))
	}
}

// TestLargeTablesAreLeftToTheCheck: opening a large file system reads little, and its copies are compared where all is read.
func TestLargeTablesAreLeftToTheCheck(t *testing.T) {
	const table = 80 << 20
	boot := bytes.Clone(image(t, "fat32")[:bootSize])
	for at, v := range map[int]uint32{0x20: 20 << 20, 0x24: table / 512} {
		for i := range 4 {
			boot[at+i] = byte(v >> (8 * i))
		}
	}
	boot[0x32] = 0 // no copy of the boot sector
	first := []byte("\xf8\xff\xff\x0f\xff\xff\xff\x0f\xff\xff\xff\x0f")
	off := int64(32 * 512)
	disk := &patched{patches: []patch{{0, boot}, {off, first}, {off + table, first}, {off + 2*table - 512 - 4<<20, []byte{7}}}}
	counted := &counting{r: disk}
	f, err := Open(counted, 11<<30)
	if err != nil {
		t.Fatal(err)
	}
	if text, _ := problems(f); text != "" || f.Description().Free != -1 || counted.n > 1<<20 {
		t.Errorf("problems %q, %d bytes free, %d bytes read", text, f.Description().Free, counted.n)
	}
	found, _ := checkAll(t, f)
	if !slices.ContainsFunc(found, func(d filesys.Damage) bool {
		return strings.Contains(d.Message, "copies of the file allocation table differ")
	}) {
		t.Errorf("%+v", found)
	}
}

// counting counts the bytes that are read.
type counting struct {
	r io.ReaderAt
	n int
}

func (c *counting) ReadAt(b []byte, off int64) (int, error) {
	c.n += len(b)
	return c.r.ReadAt(b, off)
}
