package compare

import (
	"crypto/md5"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/guestctl/guestctl/backup/place"
	"github.com/guestctl/guestctl/finding"
)

// blockOf is the place on the disk of the first block of a file, as debugfs has it; blocks are 1 KiB.
func blockOf(t *testing.T, img, path string) int64 {
	t.Helper()
	out := must(t, "debugfs", "-R", "blocks "+path, img)
	_, list, _ := strings.Cut(out, "\n")
	first := strings.Fields(list)
	if len(first) == 0 {
		t.Fatalf("%s has no block: %s", path, out)
	}
	n, err := strconv.ParseInt(first[0], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n * 1024
}

// status is dpkg's status of the image with another version of a package.
func status(t *testing.T, img, pkg, version string) string {
	t.Helper()
	before, rest, ok := strings.Cut(contentOf(t, img, "/var/lib/dpkg/status"), "Package: "+pkg+"\n")
	head, rest, found := strings.Cut(rest, "Version: ")
	_, tail, more := strings.Cut(rest, "\n")
	if !ok || !found || !more {
		t.Fatalf("%s is not installed", pkg)
	}
	return before + "Package: " + pkg + "\n" + head + "Version: " + version + "\n" + tail
}

func sum(text string) string { return fmt.Sprintf("%x", md5.Sum([]byte(text))) }

// replaced are the commands that put a file from outside in the place of another, with the same mode.
func replaced(path, file string, mode int) []string {
	return []string{"rm " + path, "write %" + file + " " + path, fmt.Sprintf("sif %s mode 0%o", path, mode)}
}

// upgrade puts another nginx into the image, as a package manager does.
func upgrade(t *testing.T, img string) {
	t.Helper()
	debugfs(t, img, map[string]string{
		"nginx": "another program\n", "md5sums": sum("another program\n") + "  usr/sbin/nginx\n", "status": status(t, img, "nginx", "1.26.1-1"),
	}, slices.Concat(replaced("/usr/sbin/nginx", "nginx", 0o100755), replaced("/var/lib/dpkg/info/nginx.md5sums", "md5sums", 0o100644),
		replaced("/var/lib/dpkg/status", "status", 0o100644))...)
}

// TestChangesMadeWithDebugfs changes a copy of an image and wants what is told of it.
func TestChangesMadeWithDebugfs(t *testing.T) {
	for name, c := range map[string]struct {
		change  func(t *testing.T, img string)
		want    []string
		message string
		class   map[string]Class
	}{
		"nothing": {
			change:  func(*testing.T, string) {},
			want:    []string{"pass backup.compare"},
			message: "identical: 12582912 bytes compared",
		},
		"one edited file": {
			change: func(t *testing.T, img string) {
				t.Helper()
				debugfs(t, img, map[string]string{"cfg": "set default=1\n"}, replaced("/boot/grub/grub.cfg", "cfg", 0o100644)...)
			},
			want:    []string{"fail backup.compare", "fail backup.compare:/boot/grub/grub.cfg"},
			message: "1 file changed: /boot/grub/grub.cfg; ",
			class:   map[string]Class{"/boot/grub/grub.cfg": Edit},
		},
		"a package upgrade": {
			change:  upgrade,
			want:    []string{"pass backup.compare"},
			message: "3 files changed: 3 explained by the package database, nginx 1.22.1-9+deb12u3 → 1.26.1-1; 0 unexplained",
			class: map[string]Class{
				"/usr/sbin/nginx": Packaged, "/var/lib/dpkg/status": Packaged, "/var/lib/dpkg/info/nginx.md5sums": Packaged,
			},
		},
		"a package upgrade and what no package has": {
			change: func(t *testing.T, img string) {
				t.Helper()
				upgrade(t, img)
				debugfs(t, img, map[string]string{"x": "x"}, slices.Concat(replaced("/usr/sbin/sshd", "x", 0o100755),
					[]string{"write %x /usr/bin/dropped"}, replaced("/var/lib/dpkg/info/openssh-server.conffiles", "x", 0o100644))...)
			},
			want: []string{
				"fail backup.compare", "fail backup.compare:/usr/bin/dropped", "fail backup.compare:/usr/sbin/sshd",
				"fail backup.compare:/var/lib/dpkg/info/openssh-server.conffiles",
			},
			message: "6 files changed: 3 explained by the package database, nginx 1.22.1-9+deb12u3 → 1.26.1-1; 3 unexplained",
		},
		"a program with the digest of its package and the same version": {
			change: func(t *testing.T, img string) {
				t.Helper()
				debugfs(t, img, map[string]string{"nginx": "evil\n", "md5sums": sum("evil\n") + "  usr/sbin/nginx\n"},
					slices.Concat(replaced("/usr/sbin/nginx", "nginx", 0o100755), replaced("/var/lib/dpkg/info/nginx.md5sums", "md5sums", 0o100644))...)
			},
			want: []string{
				"fail backup.compare", "fail backup.compare:/usr/sbin/nginx", "fail backup.compare:/var/lib/dpkg/info/nginx.md5sums",
			},
			message: "2 files changed: ",
		},
		"an upgraded program with another mode": {
			change: func(t *testing.T, img string) {
				t.Helper()
				upgrade(t, img)
				debugfs(t, img, nil, "sif /usr/sbin/nginx mode 0104755")
			},
			want:    []string{"fail backup.compare", "fail backup.compare:/usr/sbin/nginx"},
			message: "3 files changed: 2 explained by the package database; 1 unexplained",
		},
		"content that changes and no inode": {
			change: func(t *testing.T, img string) {
				t.Helper()
				poke(t, img, blockOf(t, img, "/etc/passwd")+3)
			},
			want:    []string{"fail backup.compare", "fail backup.compare:/etc/passwd"},
			message: "1 file changed: /etc/passwd; 1 changed without a trace in its inode, which is corruption; 512 of 12582912 bytes differ",
			class:   map[string]Class{"/etc/passwd": Corruption},
		},
		"content that changes, and the time of modification was set back": {
			change: func(t *testing.T, img string) {
				t.Helper()
				text := contentOf(t, img, "/etc/passwd")
				debugfs(t, img, map[string]string{"passwd": "R" + text[1:]}, append(replaced("/etc/passwd", "passwd", 0o100644),
					"sif /etc/passwd mtime @1761955200", "sif /etc/passwd mtime_extra 0")...)
			},
			want:    []string{"fail backup.compare", "fail backup.compare:/etc/passwd"},
			message: "1 file changed: /etc/passwd; 1 changed without a trace",
			class:   map[string]Class{"/etc/passwd": Corruption},
		},
		"a log that grew": {
			change: func(t *testing.T, img string) {
				t.Helper()
				debugfs(t, img, map[string]string{"log": contentOf(t, img, "/var/log/dpkg.log") + "more\n"},
					append(replaced("/var/log/dpkg.log", "log", 0o100640), "sif /var/log/dpkg.log gid 4")...)
			},
			want:    []string{"pass backup.compare"},
			message: "1 file changed: 1 explained by log files; 0 unexplained",
			class:   map[string]Class{"/var/log/dpkg.log": Log},
		},
		"a log that is corrupt": {
			change: func(t *testing.T, img string) {
				t.Helper()
				poke(t, img, blockOf(t, img, "/var/log/dpkg.log")+3)
			},
			want:  []string{"fail backup.compare", "fail backup.compare:/var/log/dpkg.log"},
			class: map[string]Class{"/var/log/dpkg.log": Corruption},
		},
		"what comes and goes": {
			change: func(t *testing.T, img string) {
				t.Helper()
				debugfs(t, img, map[string]string{"x": "x"}, "write %x /etc/new", "mkdir /etc/dir", "write %x /etc/dir/in", "write %x /tmp/x", "rm /etc/passwd")
			},
			want: []string{
				"fail backup.compare", "fail backup.compare:/etc/dir", "fail backup.compare:/etc/dir/in", "fail backup.compare:/etc/new",
				"fail backup.compare:/etc/passwd",
			},
			message: "5 files changed: 1 explained by temporary files; 4 unexplained",
		},
		"a file with another name": {
			change: func(t *testing.T, img string) {
				t.Helper()
				debugfs(t, img, nil, "ln /etc/passwd /etc/nobody", "unlink /etc/passwd")
			},
			want:    []string{"fail backup.compare", "fail backup.compare:/etc/nobody"},
			message: "1 file changed: /etc/nobody; ",
		},
		"a directory with another name": {
			change: func(t *testing.T, img string) {
				t.Helper()
				debugfs(t, img, nil, "ln /boot/grub /boot/grub2", "unlink /boot/grub")
			},
			want:    []string{"fail backup.compare", "fail backup.compare:/boot/grub2"},
			message: "1 file changed: /boot/grub2; ",
		},
		"a mode, an owner and a link": {
			change: func(t *testing.T, img string) {
				t.Helper()
				debugfs(t, img, nil, "sif /etc/passwd mode 0100666", "sif /etc/group uid 1000", "rm /etc/dangling", "symlink /etc/dangling /etc/shadow")
			},
			want: []string{
				"fail backup.compare", "fail backup.compare:/etc/dangling", "fail backup.compare:/etc/group", "fail backup.compare:/etc/passwd",
			},
		},
		"an attribute": {
			change: func(t *testing.T, img string) {
				t.Helper()
				debugfs(t, img, nil, "ea_set /etc/passwd user.note x")
			},
			want: []string{"fail backup.compare", "fail backup.compare:/etc/passwd"},
		},
		"a bitmap": {
			change: func(t *testing.T, img string) {
				t.Helper()
				poke(t, img, 5*1024+700) // of inodes, of group 0
			},
			want:    []string{"fail backup.compare"},
			message: "no file changed; 512 bytes of disk (",
		},
		"the boot block": {
			change: func(t *testing.T, img string) {
				t.Helper()
				poke(t, img, 100)
			},
			want:    []string{"fail backup.compare"},
			message: "no file changed; 512 bytes of disk (",
		},
		"an inode that cannot be believed": {
			change: func(t *testing.T, img string) {
				t.Helper()
				debugfs(t, img, nil, "sif /etc/passwd checksum 0x1234")
			},
			want: []string{"fail backup.compare", "fail backup.compare:/etc/passwd"},
		},
		"a directory that cannot be read": {
			change: func(t *testing.T, img string) {
				t.Helper()
				poke(t, img, blockOf(t, img, "/boot/grub")+1000)
			},
			want: []string{"fail backup.compare", "fail backup.compare:/boot/grub"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			source, backup := bare(t)
			c.change(t, backup)
			r := compared(t, source, backup)
			got := told(r)
			if d := cmp.Diff(c.want, got); d != "" {
				t.Errorf("(-want +got)\n%s\n%s\n%+v", d, r.Summary(), r.Files)
			}
			i := slices.IndexFunc(r.Findings(), func(f finding.Finding) bool { return f.ID == Check })
			if m := r.Findings()[i].Message; !strings.HasPrefix(m, c.message) {
				t.Errorf("message %q, want %q", m, c.message)
			}
			classes := map[string]Class{}
			for _, f := range r.Files {
				classes[f.Path] = f.Class
			}
			if d := cmp.Diff(c.class, classes); c.class != nil && d != "" {
				t.Errorf("(-want +got)\n%s", d)
			}
			var sum int64
			for _, e := range r.Extents {
				sum += e.Length
			}
			if sum != r.Different {
				t.Errorf("%d of %d differing bytes have a place", sum, r.Different)
			}
		})
	}
}

// TestEveryChangedExtentHasItsPlace holds the places against what debugfs says of them.
func TestEveryChangedExtentHasItsPlace(t *testing.T) {
	source, backup := bare(t)
	at := blockOf(t, source, "/etc/passwd")
	poke(t, backup, at)
	debugfs(t, backup, map[string]string{"x": "x"}, "write %x /etc/new")
	fresh := blockOf(t, backup, "/etc/new")
	r := compared(t, source, backup)
	want := map[int64]place.Place{
		at:    {Offset: at, Length: 512, Volume: "disk", Region: place.Content, Path: "/etc/passwd"},
		fresh: {Offset: fresh, Length: 512, Volume: "disk", Region: place.Content, Path: "/etc/new"},
	}
	for _, e := range r.Extents {
		if w, ok := want[e.Offset]; ok {
			e.File = 0
			if d := cmp.Diff(w, e.Place); d != "" {
				t.Errorf("(-want +got)\n%s", d)
			}
			if (e.Was != nil) != (e.Offset == fresh) {
				t.Errorf("%v was %v", e.Place, e.Was)
			}
			delete(want, e.Offset)
		}
	}
	if len(want) > 0 {
		t.Errorf("%v is missing in %+v", want, r.Extents)
	}
}

func TestIdenticalInAnotherContainer(t *testing.T) {
	source, _ := bare(t)
	for _, args := range [][]string{{"-O", "qcow2"}, {"-O", "qcow2", "-c"}, {"-O", "raw"}} {
		other := filepath.Join(t.TempDir(), "other")
		must(t, "qemu-img", append(append([]string{"convert"}, args...), source, other)...)
		r := compared(t, source, other)
		if !slices.Equal(told(r), []string{"pass backup.compare"}) || r.Summary() != "identical: 12582912 bytes compared" {
			t.Errorf("%v: %v %s", args, told(r), r.Summary())
		}
	}
}

// TestTheLargerOfTwoImages compares an image with one that was made larger, and with one that has something there.
func TestTheLargerOfTwoImages(t *testing.T) {
	source, backup := bare(t)
	must(t, "qemu-img", "resize", "-q", "-f", "raw", backup, "16M")
	r := compared(t, source, backup)
	if f := r.Findings(); f[0].Status != finding.Pass || len(f[0].Notes) != 1 || !strings.Contains(f[0].Notes[0], "12582912 bytes and the backup 16777216") {
		t.Errorf("%+v, want a pass that says the sizes", f)
	}
	poke(t, backup, 15<<20)
	if r := compared(t, source, backup); r.Findings()[0].Status != finding.Fail || len(r.Odd) != 1 || r.Odd[0].Offset != 15<<20 {
		t.Errorf("%+v, want the byte behind the end of the source", r.Findings())
	}
}

func TestImagesOfDifferentMachines(t *testing.T) {
	for name, other := range map[string]string{"another machine": "rocky9-small.qcow2", "without a machine id": "no-os.img.gz"} {
		source, _ := bare(t)
		backup := images + other
		if path, ok := strings.CutSuffix(other, ".gz"); ok {
			out, code := tool(t, "", "gzip", "-dc", images+path+".gz")
			if code != 0 {
				t.Fatal(out)
			}
			backup = write(t, "other", []byte(out))
		}
		r := compared(t, source, backup)
		f := r.Findings()
		if len(f) != 1 || f[0].Status != finding.Unknown || !strings.HasPrefix(f[0].Message, "not two images of one machine: ") {
			t.Errorf("%s: %+v, want one finding that is unknown", name, f)
		}
	}
}

// TestASourceThatChangesWhileItIsRead writes to the source once the first piece was compared.
func TestASourceThatChangesWhileItIsRead(t *testing.T) {
	source, backup := bare(t)
	r, err := Machines(t.Context(), openMachine(t, source), openMachine(t, backup), Options{Progress: func(int64) {
		if err := os.Chtimes(source, time.Unix(1, 0), time.Unix(1, 0)); err != nil {
			t.Error(err)
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	f := r.Findings()[0]
	if f.Status != finding.Unknown || !strings.HasPrefix(f.Message, "the source changed while it was read: ") {
		t.Errorf("%+v, want that the result does not hold", f)
	}
}

// TestAVolumeThatIsLost makes the file system of the backup unreadable.
func TestAVolumeThatIsLost(t *testing.T) {
	source, backup := bare(t)
	f, err := os.OpenFile(backup, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, group := range []int64{0, 1} {
		if _, err := f.WriteAt(make([]byte, 1024), group*8192*1024+1024); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	r := compared(t, source, backup)
	if got := r.Findings()[0]; got.Status != finding.Fail || len(r.Lost) != 1 || !strings.Contains(got.Message, "ext4 of the source") {
		t.Errorf("%+v, lost %v", got, r.Lost)
	}
}

// TestADamagedContainer overwrites compressed clusters of the backup.
func TestADamagedContainer(t *testing.T) {
	source, _ := bare(t)
	backup := filepath.Join(t.TempDir(), "backup")
	must(t, "qemu-img", "convert", "-O", "qcow2", "-c", source, backup)
	info, err := os.Stat(backup)
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(backup, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt([]byte(strings.Repeat("\xff", 4096)), info.Size()-8192); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	r := compared(t, source, backup)
	if got := r.Findings(); len(r.Unread) == 0 || got[0].Status == finding.Pass || len(got[0].Notes) == 0 {
		t.Errorf("%+v, unread %v", got, r.Unread)
	}
}
