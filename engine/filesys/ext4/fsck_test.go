package ext4

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/guestctl/guestctl/engine/filesys"
)

// Exit codes of e2fsck.
const (
	e2fsckCorrected   = 1
	e2fsckUncorrected = 4
	e2fsckFailed      = 8
)

// lab is an image that mke2fs made, and that is damaged there.
type lab struct {
	t    testing.TB
	path string
}

// need skips a test where a tool of e2fsprogs is missing.
func need(t testing.TB, tools ...string) {
	t.Helper()
	for _, tool := range tools {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skip(err)
		}
	}
}

// run runs a tool of e2fsprogs with a clock that stands still.
func (l *lab) run(tool string, args ...string) (output string, code int) {
	l.t.Helper()
	cmd := exec.CommandContext(l.t.Context(), tool, args...)
	cmd.Env = append(os.Environ(), "E2FSPROGS_FAKE_TIME=1700000000", "SOURCE_DATE_EPOCH=1700000000", "TZ=UTC", "LC_ALL=C", "DEBUGFS_PAGER=__none__")
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		l.t.Fatal(err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

// fsck is what e2fsck says of the image, without changing it.
func (l *lab) fsck() (output string, code int) { return l.run("e2fsck", "-fn", l.path) }

// complaints is what e2fsck said, without what it says of every image.
func complaints(output string) string {
	usual := regexp.MustCompile(`(?m)^(e2fsck 1\..*|Pass \d.*|.*: \d+/\d+ files .*|.*\*\*\*\*\*.*|)\n`)
	return strings.TrimSpace(usual.ReplaceAllString(output, ""))
}

// debugfs changes the image, checksums included.
func (l *lab) debugfs(requests ...string) {
	l.t.Helper()
	for _, r := range requests {
		out, _ := l.run("debugfs", "-w", "-R", r, l.path)
		if out = regexp.MustCompile(`(?m)^debugfs 1.*\n|^Allocated inode: .*\n`).ReplaceAllString(out, ""); out != "" {
			l.t.Logf("debugfs %q: %s", r, out)
		}
	}
}

func (l *lab) bytes() []byte {
	l.t.Helper()
	b, err := os.ReadFile(l.path)
	if err != nil {
		l.t.Fatal(err)
	}
	return b
}

// patch changes bytes in place.
func (l *lab) patch(change func(h *hostile)) {
	l.t.Helper()
	b := l.bytes()
	before := slices.Clone(b)
	change(&hostile{l.t, b, openBytes(l.t, before)})
	l.rewrite(before, b)
}

// rewrite writes what is different.
func (l *lab) rewrite(before, b []byte) {
	l.t.Helper()
	w, err := os.OpenFile(l.path, os.O_WRONLY, 0)
	if err != nil {
		l.t.Fatal(err)
	}
	defer func() {
		if err := w.Close(); err != nil {
			l.t.Fatal(err)
		}
	}()
	const piece = 4096
	for at := 0; at < len(b); at += piece {
		if end := min(at+piece, len(b)); !bytes.Equal(b[at:end], before[at:end]) {
			if _, err := w.WriteAt(b[at:end], int64(at)); err != nil {
				l.t.Fatal(err)
			}
		}
	}
}

// newLab makes an image with a little of everything.
func newLab(t testing.TB, size string, options ...string) *lab {
	t.Helper()
	need(t, "mke2fs", "debugfs", "e2fsck")
	l := &lab{t, filepath.Join(t.TempDir(), "image")}
	key := size + fmt.Sprint(options)
	if made, ok := labs.Load(key); ok {
		l.write(made.([]byte))
		return l
	}
	args := append([]string{"-q", "-F", "-b", "1024", "-U", "6f6e6c79-6d61-6465-666f-727465737473", "-E", "hash_seed=6f6e6c79-6d61-6465-666f-727465737473"}, options...)
	if out, code := l.run("mke2fs", append(args, "-d", labTree(t), l.path, size)...); code != 0 {
		t.Fatalf("mke2fs %v: %s", options, out)
	}
	l.debugfs("mknod device c 1 3", "ea_set a user.large "+strings.Repeat("v", 700), "ea_set a user.small v")
	if out, code := l.run("e2fsck", "-fyD", l.path); code > e2fsckCorrected { // makes the hash trees
		t.Fatal(out)
	}
	labs.Store(key, l.bytes())
	return l
}

// labs holds the images that were made, by their options.
var labs sync.Map

// write makes the image what b is, with holes where b is zero.
func (l *lab) write(b []byte) {
	l.t.Helper()
	if err := os.WriteFile(l.path, nil, 0o600); err != nil {
		l.t.Fatal(err)
	}
	if err := os.Truncate(l.path, int64(len(b))); err != nil {
		l.t.Fatal(err)
	}
	l.rewrite(make([]byte, len(b)), b)
}

// labTree is the source of the images.
func labTree(t testing.TB) string {
	t.Helper()
	root := t.TempDir()
	for _, dir := range []string{"sub/below", "other", "hashed"} {
		if err := os.MkdirAll(filepath.Join(root, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for name, content := range map[string][]byte{
		"a": bytes.Repeat([]byte("a"), 5000), "b": bytes.Repeat([]byte("b"), 5000), "empty": nil,
		"sub/file": bytes.Repeat([]byte("f"), 20000), "pieces": piecesOf(40), "large": bytes.Repeat([]byte("l"), 400<<10),
	} {
		if err := os.WriteFile(filepath.Join(root, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 200 {
		if err := os.WriteFile(filepath.Join(root, "hashed", fmt.Sprintf("an entry of the hash tree %d", i)), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for link, target := range map[string]string{"short": "a", "long": strings.Repeat("t", 200)} {
		if err := os.Symlink(target, filepath.Join(root, link)); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// piecesOf is content with holes: each piece is an extent.
func piecesOf(n int) []byte {
	b := make([]byte, n*16<<10)
	for i := range n {
		copy(b[i*16<<10:], bytes.Repeat([]byte("piece"), 100))
	}
	return b
}

// inode is the number of an inode by its path.
func (l *lab) inode(path string) string {
	f := openBytes(l.t, l.bytes())
	return "<" + strconv.FormatUint(uint64(find(l.t, f, path)), 10) + ">"
}

func kindsOf(found []filesys.Damage) (kinds []filesys.DamageKind) {
	for _, d := range found {
		if !slices.Contains(kinds, d.Kind) {
			kinds = append(kinds, d.Kind)
		}
	}
	return kinds
}

func itoa(v uint64) string { return strconv.FormatUint(v, 10) }

// inodeOffset is where an inode is in the image.
func (f *FS) inodeOffset(number uint32) int {
	group, index := (number-1)/f.super.inodesPerGroup, (number-1)%f.super.inodesPerGroup
	return int(f.inodeTables[group]<<f.device.shift) + int(index*f.super.inodeSize)
}
