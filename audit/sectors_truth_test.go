package audit

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// sector is one of the disk that is overwritten, with what e2fsprogs says of it.
type sector struct {
	number  int64
	kind    string   // what lies there
	path    string   // of the file that has it
	names   []string // all of them
	harmful bool
}

// The numbers of the disk that testdata/build-debian.sh makes.
const (
	sectorSize  = 512
	gptSectors  = 34         // the protective MBR, the header and 128 entries; the copy at the end has no MBR
	firstOfCore = 2048       // of the BIOS boot partition, which GRUB's core image begins
	lastOfCore  = 4095       //
	rootOffset  = 4096 * 512 // of p2
	blockSize   = 4096       // of its ext4
	perBlock    = blockSize / 512
	inodeSize   = 256
)

// disk asks e2fsprogs about the root file system of a disk.
type disk struct {
	t    *testing.T
	name string
	dir  string

	free    []span // blocks
	tables  []int64
	inodes  int64 // of a group
	meta    string
	digests map[string]bool // paths of which a package has a digest
}

type span struct{ first, last int64 }

func (d *disk) run(tool string, args ...string) (output string, code int) {
	d.t.Helper()
	cmd := exec.CommandContext(d.t.Context(), tool, args...)
	cmd.Env = append(os.Environ(), "LC_ALL=C", "DEBUGFS_PAGER=__none__")
	out, err := cmd.Output()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		d.t.Fatal(err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

func (d *disk) debugfs(request string) string {
	d.t.Helper()
	out, _ := d.run("debugfs", "-R", request, d.name+"?offset="+strconv.Itoa(rootOffset))
	return out
}

func openDisk(t *testing.T, name string) *disk {
	t.Helper()
	for _, tool := range []string{"debugfs", "dumpe2fs", "e2image", "e2fsck", "qemu-img", "qemu-io"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skip(err)
		}
	}
	d := &disk{t: t, name: name, dir: t.TempDir(), digests: map[string]bool{}}
	out, _ := d.run("dumpe2fs", name+"?offset="+strconv.Itoa(rootOffset))
	for _, m := range regexp.MustCompile(`(?m)^  Free blocks: (.+)$`).FindAllStringSubmatch(out, -1) {
		for _, s := range strings.Split(m[1], ", ") {
			first, last, ok := strings.Cut(s, "-")
			if !ok {
				last = first
			}
			d.free = append(d.free, span{d.number(first), d.number(last)})
		}
	}
	for _, m := range regexp.MustCompile(`(?m)^  Inode table at (\d+)-`).FindAllStringSubmatch(out, -1) {
		d.tables = append(d.tables, d.number(m[1]))
	}
	d.inodes = d.number(regexp.MustCompile(`(?m)^Inodes per group: +(\d+)$`).FindStringSubmatch(out)[1])
	d.meta = filepath.Join(d.dir, "meta")
	if out, code := d.run("e2image", "-r", "-o", strconv.Itoa(rootOffset), name, d.meta); code != 0 {
		t.Fatal(out)
	}
	if out, code := d.run("e2fsck", "-fn", d.meta); code != 0 {
		t.Fatalf("the disk is not sound before: %s", out)
	}
	d.readDigests()
	return d
}

func (d *disk) number(s string) int64 {
	d.t.Helper()
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		d.t.Fatal(err)
	}
	return n
}

// readDigests reads dpkg's lists of digests.
func (d *disk) readDigests() {
	d.debugfs("rdump /var/lib/dpkg/info " + d.dir)
	lists, err := filepath.Glob(filepath.Join(d.dir, "info", "*.md5sums"))
	if err != nil || len(lists) < 100 {
		d.t.Fatal(len(lists), err)
	}
	for _, list := range lists {
		b, err := os.ReadFile(list)
		if err != nil {
			d.t.Fatal(err)
		}
		for line := range strings.Lines(string(b)) {
			if _, file, ok := strings.Cut(strings.TrimSpace(line), "  "); ok {
				if first, _, _ := strings.Cut(file, "/"); slices.Contains([]string{"bin", "sbin", "lib", "lib64"}, first) {
					file = "usr/" + file
				}
				d.digests["/"+file] = true
			}
		}
	}
}

// choose draws n sectors of what the disk uses: the partition tables, GRUB's core image, and the blocks that the bitmaps have in use.
func (d *disk) choose(n int) []int64 {
	info, err := os.Stat(d.name)
	if err != nil {
		d.t.Fatal(err)
	}
	whole := info.Size() / sectorSize
	var used []span
	add := func(first, last int64) { used = append(used, span{first, last}) }
	add(0, gptSectors-1)
	add(firstOfCore, d.core())
	at := int64(0)
	for _, f := range d.free {
		if f.first > at {
			add((rootOffset+at*blockSize)/sectorSize, (rootOffset+f.first*blockSize)/sectorSize-1)
		}
		at = f.last + 1
	}
	add(whole-gptSectors+1, whole-1)
	total := int64(0)
	for _, u := range used {
		total += u.last - u.first + 1
	}
	random := rand.New(rand.NewPCG(6, 300))
	var all []int64
	for len(all) < n {
		k := random.Int64N(total)
		for _, u := range used {
			if k <= u.last-u.first {
				if !slices.Contains(all, u.first+k) {
					all = append(all, u.first+k)
				}
				break
			}
			k -= u.last - u.first + 1
		}
	}
	return all
}

// core is the last sector of the BIOS boot partition that is not zero.
func (d *disk) core() int64 {
	f, err := os.Open(d.name)
	if err != nil {
		d.t.Fatal(err)
	}
	defer f.Close()
	b := make([]byte, (lastOfCore-firstOfCore+1)*sectorSize)
	if _, err := f.ReadAt(b, firstOfCore*sectorSize); err != nil {
		d.t.Fatal(err)
	}
	return firstOfCore + int64(len(strings.TrimRight(string(b), "\x00"))-1)/sectorSize
}

// truth says what lies in each sector, and whether it does harm to overwrite it with other bytes. It does none
//   - behind the end of a file, in its last block, or in blocks that are set aside for it;
//   - in the inode table where both inodes of the sector are free;
//   - in other metadata where e2fsck, told to look at everything, has nothing to say of it: the clean journal, room for more groups, the
//     rest of a bitmap or table, copies of the superblock.
//
// Everything else is harmful: a byte of any file, whatever it is for, is not what it was.
func (d *disk) truth(numbers []int64) []sector {
	all := make([]sector, len(numbers))
	blocks := make([]string, 0, len(numbers))
	for i, n := range numbers {
		all[i].number = n
		if b := d.block(n); b > 0 {
			blocks = append(blocks, strconv.FormatInt(b, 10))
		}
	}
	owner, names := map[string]string{}, map[string][]string{}
	for _, m := range regexp.MustCompile(`(?m)^(\d+)\t(\d+)$`).FindAllStringSubmatch(d.debugfs("icheck "+strings.Join(blocks, " ")), -1) {
		owner[m[1]] = m[2]
	}
	var inodes []string
	for _, inode := range owner {
		inodes = append(inodes, inode)
	}
	slices.Sort(inodes)
	for _, m := range regexp.MustCompile(`(?m)^(\d+)\t/*(.*)$`).FindAllStringSubmatch(d.debugfs("ncheck "+strings.Join(slices.Compact(inodes), " ")), -1) {
		names[m[1]] = append(names[m[1]], "/"+m[2])
	}
	for i := range all {
		s, b := &all[i], d.block(all[i].number)
		inode, ok := owner[strconv.FormatInt(b, 10)]
		switch {
		case b < 0 && s.number >= firstOfCore && s.number <= lastOfCore:
			s.kind, s.harmful = "boot loader", true
		case b < 0:
			s.kind, s.harmful = "partition table", true
		case ok && len(names[inode]) > 0:
			s.names = names[inode]
			s.path = s.names[0]
			d.content(s, inode)
		default:
			d.metadata(s, inode)
		}
	}
	return all
}

// block is the block of the file system that a sector is in, or -1.
func (d *disk) block(number int64) int64 {
	off := number*sectorSize - rootOffset
	if off < 0 || len(d.free) == 0 || off/blockSize > d.free[len(d.free)-1].last {
		return -1
	}
	return off / blockSize
}

// content classifies a sector of a file or directory.
func (d *disk) content(s *sector, inode string) {
	stat := d.debugfs("stat <" + inode + ">")
	if strings.Contains(stat, "Type: directory") {
		s.kind = "directory"
		s.harmful = d.complains(s)
		return
	}
	size := d.number(regexp.MustCompile(`Size: (\d+)`).FindStringSubmatch(stat)[1])
	b := d.block(s.number)
	for _, m := range regexp.MustCompile(`\((\d+)(?:-\d+)?(\[u\])?\):(\d+)(?:-(\d+))?`).FindAllStringSubmatch(stat, -1) {
		first := d.number(m[3])
		last := first
		if m[4] != "" {
			last = d.number(m[4])
		}
		if b < first || b > last {
			continue
		}
		off := (d.number(m[1])+b-first)*blockSize + s.number*sectorSize%blockSize
		s.kind, s.harmful = "file without a digest", off < size && m[2] == ""
		switch {
		case !s.harmful:
			s.kind = "behind the end of a file"
		case slices.ContainsFunc(s.names, func(name string) bool { return d.digests[name] }):
			s.kind = "file with a digest"
		case strings.HasPrefix(s.path, "/boot/initrd"):
			s.kind = "initrd"
		}
		return
	}
	s.kind = "block map"
	s.harmful = d.complains(s)
}

// metadata classifies a sector that no file has.
func (d *disk) metadata(s *sector, inode string) {
	b := d.block(s.number)
	for group, first := range d.tables {
		if b < first || b >= first+d.inodes*inodeSize/blockSize {
			continue
		}
		s.kind = "inode table"
		number := int64(group)*d.inodes + ((b-first)*blockSize+s.number*sectorSize%blockSize)/inodeSize + 1
		for i := range int64(sectorSize / inodeSize) {
			s.harmful = s.harmful || strings.Contains(d.debugfs(fmt.Sprintf("testi <%d>", number+i)), "is marked in use")
		}
		return
	}
	s.kind = "other metadata"
	if inode == "8" {
		s.kind = "journal"
	}
	s.harmful = d.complains(s)
}

// complains reports whether e2fsck says anything of the metadata with the sector overwritten.
func (d *disk) complains(s *sector) bool {
	f, err := os.OpenFile(d.meta, os.O_RDWR, 0)
	if err != nil {
		d.t.Fatal(err)
	}
	defer f.Close()
	off := s.number*sectorSize - rootOffset
	was := make([]byte, sectorSize)
	if _, err := f.ReadAt(was, off); err != nil {
		d.t.Fatal(err)
	}
	if _, err := f.WriteAt(s.noise(), off); err != nil {
		d.t.Fatal(err)
	}
	out, code := d.run("e2fsck", "-fn", d.meta)
	if _, err := f.WriteAt(was, off); err != nil {
		d.t.Fatal(err)
	}
	return code != 0 || strings.Contains(out, "? no")
}

// isFile reports whether the sector holds content of a file, which no check of structure reads.
func (s *sector) isFile() bool {
	return s.kind == "file with a digest" || s.kind == "file without a digest" || s.kind == "initrd" || s.kind == "behind the end of a file"
}

// noise is what a sector is overwritten with.
func (s *sector) noise() []byte {
	random := rand.New(rand.NewPCG(512, uint64(s.number)))
	b := make([]byte, sectorSize)
	for i := range b {
		b[i] = byte(random.IntN(256))
	}
	return b
}
