package compare

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/guestctl/guestctl/engine"
)

const images = "../../testdata/images/"

// tool runs a program and returns what it wrote, and its exit code. Without the program the test is skipped.
func tool(t *testing.T, stdin, name string, args ...string) (string, int) {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		if path, err = exec.LookPath("/usr/sbin/" + name); err != nil {
			t.Skip(err)
		}
	}
	cmd := exec.CommandContext(t.Context(), path, args...)
	cmd.Stdin = strings.NewReader(stdin)
	out, err := cmd.CombinedOutput()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		return string(out), exit.ExitCode()
	}
	if err != nil {
		t.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
	return string(out), 0
}

// must runs a program that must succeed.
func must(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, code := tool(t, "", name, args...)
	if code != 0 {
		t.Fatalf("%s %v: exit code %d\n%s", name, args, code, out)
	}
	return out
}

// bare returns two copies of the small image of one ext4 file system.
func bare(t *testing.T) (source, backup string) {
	t.Helper()
	f, err := os.Open(images + "bare-ext4.img.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return write(t, "source.img", b), write(t, "backup.img", b)
}

func write(t *testing.T, name string, b []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// poke changes the byte at off of a file.
func poke(t *testing.T, path string, off int64) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 1)
	_, err = f.ReadAt(b, off)
	b[0] ^= 0x55
	if _, werr := f.WriteAt(b, off); errors.Join(err, werr, f.Close()) != nil {
		t.Fatal(err, werr)
	}
}

// debugfs changes the file system of an image, in whose commands a file stands by its name after a percent sign.
func debugfs(t *testing.T, img string, files map[string]string, commands ...string) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	script := strings.ReplaceAll(strings.Join(commands, "\n")+"\n", "%", dir+"/")
	if out, code := tool(t, script, "debugfs", "-w", "-f", "-", img); code != 0 || strings.Contains(out, "not found") || strings.Contains(out, "rror") {
		t.Fatalf("debugfs: exit code %d\n%s", code, out)
	}
}

// contentOf returns a file of an image, as debugfs has it.
func contentOf(t *testing.T, img, path string) string {
	t.Helper()
	out := must(t, "debugfs", "-R", "cat "+path, img)
	_, text, _ := strings.Cut(out, "\n") // the version
	return text
}

func openMachine(t testing.TB, path string) *engine.Machine {
	t.Helper()
	m, err := engine.Open(t.Context(), []string{path}, engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	})
	return m
}

// compared compares two images, and makes sure that neither was changed.
func compared(t *testing.T, source, backup string) *Comparison {
	t.Helper()
	a, b := stateOf(t, source), stateOf(t, backup)
	r, err := Machines(t.Context(), openMachine(t, source), openMachine(t, backup), Options{Now: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	if !a.equal(stateOf(t, source)) || !b.equal(stateOf(t, backup)) {
		t.Error("an image was changed")
	}
	return r
}

// state is the content of a file and its times.
type state struct {
	content  []byte
	modified time.Time
}

func (s state) equal(o state) bool {
	return bytes.Equal(s.content, o.content) && s.modified.Equal(o.modified)
}

func stateOf(t *testing.T, path string) state {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return state{b, info.ModTime()}
}

// told are the ids of the findings that fail, or are unknown, with their status.
func told(r *Comparison) []string {
	all := []string{}
	for _, f := range r.Findings() {
		all = append(all, string(f.Status)+" "+f.ID)
	}
	slices.Sort(all)
	return all
}
