package live

import (
	"bytes"
	"errors"
	"image/color"
	"image/png"
	"io"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/guestctl/guestctl/backup/place"
	"github.com/guestctl/guestctl/engine/image"
)

func track(said ...string) *tracker {
	t := newTracker(false, &place.Map{}, nil, regexp.MustCompile("guestctl-X [0-9a-f]{32}"), func(Step) {})
	for _, s := range said {
		_, _ = t.Write([]byte(s))
	}
	return t
}

func TestWhatAGuestSays(t *testing.T) {
	const kernel = "Loading Linux 6.1 ...\r\n[    0.000000] Linux version 6.1.0-1-amd64\r\n"
	const root = kernel + "EXT4-fs (vda1): mounted filesystem with ordered data mode.\r\n"
	for _, c := range []struct {
		name, said string
		stage      Stage
		stuck      bool
		person     bool
	}{
		{"nothing", "", Firmware, false, false},
		{"no disk to start", "Booting from Hard Disk...\r\nNo bootable device.\r\n", Firmware, true, false},
		{"a boot loader", "GRUB loading.\r\n", Loader, false, false},
		{"a boot loader without its files", "GRUB loading.\r\nerror: file `/boot/grub/i386-pc/normal.mod' not found.\r\ngrub rescue> ", Loader, true, false},
		{"a boot loader that wants a name", "GRUB loading.\r\nEnter username:\r\n", Loader, true, false},
		{"a login before a kernel", "GRUB loading.\r\nadmin login: ", Loader, false, false},
		{"an error that passes", "GRUB loading.\r\nerror: no suitable video mode found.\r\n" + kernel, Kernel, false, false},
		{"a kernel that is not loaded", "Loading Linux 6.1 ...\r\nerror: invalid magic number.\r\n", Loader, true, false},
		{"a quiet kernel and a login", "Loading Linux 6.1 ...\r\nguest login: ", Ready, false, false},
		{"a panic", kernel + "[    1.1] Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)\r\n", Kernel, true, false},
		{"a panic when all was well", root + "\r\nguest login: \r\nKernel panic - not syncing: Attempted to kill init!\r\n", Ready, true, false},
		{"no root", kernel + "Loading, please wait...\r\nALERT!  UUID=1 does not exist.  Dropping to a shell!\r\n(initramfs) ", Initrd, true, false},
		{"an initrd of dracut in need", kernel + "Generating \"/run/initramfs/rdsosreport.txt\"\r\nPress Enter for maintenance\r\n", Initrd, true, false},
		{"emergency mode", root + "You are in emergency mode. After logging in, type\r\n", Userspace, true, true},
		{"colours and a login", root + "\x1b[0;1;31mFAILED\x1b[0m\r\n\r\nguest login: ", Ready, false, false},
		{"a login that is only spoken of", root + "systemd[1]: Hostname set to <a>.\r\nthe last login: yesterday\r\n", Userspace, false, false},
		{"the marker as it was asked for", root + "guestctl-X %b\r\n", Root, false, false},
		{"the marker with the id of a boot", root + "guestctl-X 0123456789abcdef0123456789abcdef\r\n", Userspace, false, false},
		{"a line that is not over", "Linux version 6.", Firmware, false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := track(c.said).state()
			if s.stage != c.stage || s.stuck != c.stuck || s.person != c.person {
				t.Errorf("got %q, stuck %v, wants a person %v; want %q, %v, %v", s.stage, s.stuck, s.person, c.stage, c.stuck, c.person)
			}
			letters := track(strings.Split(c.said, "")...).state()
			if letters.stage != s.stage || letters.stuck != s.stuck {
				t.Errorf("letter by letter: got %q, %v, want %q, %v", letters.stage, letters.stuck, s.stage, s.stuck)
			}
		})
	}
}

func TestTheLastWordsAreTold(t *testing.T) {
	tr := track(strings.Split("GRUB loading.\r\nerror: no suitable video mode found.\r\nEnter username: ", "")...)
	if s := tr.state(); s.line != "Enter username:" {
		t.Errorf("got %q", s.line)
	}
	tr = track("Loading Linux 6.1 ...\r\n", "Kernel panic - not syncing: Attempted to ", "kill init!\r\n")
	if s := tr.state(); s.line != "Kernel panic - not syncing: Attempted to kill init!" {
		t.Errorf("got %q", s.line)
	}
}

func TestACursorThatBlinksIsNoMove(t *testing.T) {
	tr := track()
	for range 3 {
		tr.screen("", []byte("on"))
		tr.screen("", []byte("off"))
	}
	if s := tr.state(); s.moves != 2 {
		t.Errorf("%d moves, want the 2 pictures there are", s.moves)
	}
}

func TestPatienceIsForTheTimeAGuestCouldRun(t *testing.T) {
	at := time.Unix(1_800_000_000, 0)
	p := &patience{}
	look := func(after time.Duration, moves int, waited time.Duration) time.Duration {
		at = at.Add(after)
		return p.look(at, moves, map[string]time.Duration{"1": waited, "2": 0})
	}
	for i, c := range []struct {
		after  time.Duration
		moves  int
		waited time.Duration // so far
		want   time.Duration
	}{
		{0, 1, 5 * time.Second, 0},
		{10 * time.Second, 1, 5 * time.Second, 10 * time.Second},
		{10 * time.Second, 1, 13 * time.Second, 12 * time.Second},
		{10 * time.Second, 1, 60 * time.Second, 12 * time.Second},
		{10 * time.Second, 2, 60 * time.Second, 0},
		{10 * time.Second, 2, 60 * time.Second, 10 * time.Second},
	} {
		if got := look(c.after, c.moves, c.waited); got != c.want {
			t.Errorf("look %d: quiet for %s, want %s", i, got, c.want)
		}
	}
	if want := 32 * time.Second; p.ran != want {
		t.Errorf("ran for %s, want %s", p.ran, want)
	}
}

func TestVersions(t *testing.T) {
	for answer, want := range map[string]string{
		"QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18)\nCopyright": "7.2.22",
		"QEMU emulator version 6.2.0":                                            "6.2.0",
		"QEMU emulator version 10.0.2 (v10.0.2)":                                 "10.0.2",
		"QEMU emulator version 6.1.0":                                            "",
		"QEMU emulator version 5.2.0":                                            "",
		"QEMU emulator version ":                                                 "",
		"":                                                                       "",
	} {
		if got, err := versionOf([]byte(answer)); got != want || (err == nil) != (want != "") {
			t.Errorf("%q: got %q, %v, want %q", answer, got, err, want)
		}
	}
}

func TestPictures(t *testing.T) {
	b, err := toPNG([]byte("P6\n2 1\n255\n\x01\x02\x03\xff\xfe\xfd"))
	if err != nil {
		t.Fatal(err)
	}
	img, err := png.Decode(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := color.NRGBAModel.Convert(img.At(1, 0)), (color.NRGBA{0xff, 0xfe, 0xfd, 0xff}); got != want {
		t.Errorf("got %v, want %v", got, want)
	}
	for name, ppm := range map[string]string{
		"nothing": "", "another format": "P5\n2 1\n255\n123456", "no width": "P6\n0 1\n255\n", "too wide": "P6\n100000 1\n255\n",
		"negative": "P6\n-2 -1\n255\n", "too deep": "P6\n1 1\n65535\n123456", "cut off": "P6\n2 1\n255\n\x01\x02\x03",
	} {
		if _, err := toPNG([]byte(ppm)); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestTextOfAScreen(t *testing.T) {
	memory := make([]byte, textSize)
	for i, c := range []byte("a\xdbb\x1b") {
		memory[(columns+i)*2] = c
	}
	if got, want := screenText(memory), "\na b\n"+strings.Repeat("\n", rows-2); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := screenText([]byte("a")); strings.TrimSpace(got) != "a" {
		t.Errorf("of short memory: %q", got)
	}
}

// still is a disk of a test.
type stillDisk struct{ *strings.Reader }

func (stillDisk) Close() error                   { return nil }
func (stillDisk) Description() image.Description { return image.Description{Format: "raw"} }

func TestOverlayKeepsWhatIsWrittenApart(t *testing.T) {
	const size = 3*blockSize + 512
	base := strings.Repeat("b", size)
	want := []byte(base)
	o, err := newOverlay(stillDisk{strings.NewReader(base)}, t.TempDir(), 2*blockSize)
	if err != nil {
		t.Fatal(err)
	}
	defer o.Close()
	write := func(off int64, s string) error {
		_, err := o.WriteAt([]byte(s), off)
		if err == nil {
			copy(want[off:], s)
		}
		return err
	}
	if err := write(100, "within a block"); err != nil {
		t.Error(err)
	}
	if err := write(3*blockSize+500, "at the end.."); err != nil {
		t.Error(err)
	}
	if err := write(size-1, "xx"); err == nil {
		t.Error("written beyond the end")
	}
	if err := write(blockSize, "in a third block"); err == nil {
		t.Error("written beyond the limit")
	}
	for off := range int64(size) {
		got := make([]byte, 2*blockSize)
		n, err := o.ReadAt(got, off)
		end := min(off+int64(len(got)), size)
		if string(got[:n]) != string(want[off:end]) || errors.Is(err, io.EOF) != (off+int64(len(got)) > size) {
			t.Fatalf("at %d: %d bytes, %v", off, n, err)
		}
	}
}
