package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/guestctl/guestctl/audit"
	"github.com/guestctl/guestctl/finding"
	"github.com/guestctl/guestctl/internal/malwaretest"
	"github.com/guestctl/guestctl/scanner"
	"github.com/guestctl/guestctl/scanner/yara"
)

// sparse is the size of a file that is nothing but a hole.
const sparse = 10 << 30

// disk makes an ext4 disk in a qcow2 image of files by their paths; one without content is sparse. It skips the test where a tool is missing.
func disk(t *testing.T, files map[string][]byte) string {
	t.Helper()
	dir := t.TempDir()
	tree := filepath.Join(dir, "tree")
	files["/etc/os-release"] = []byte("ID=test\nPRETTY_NAME=Test\n")
	files["/etc/passwd"] = []byte("root:x:0:0::/root:/bin/sh\n")
	for path, content := range files {
		at := filepath.Join(tree, path)
		if err := errors.Join(os.MkdirAll(filepath.Dir(at), 0o755), os.WriteFile(at, content, 0o600)); err != nil {
			t.Fatal(err)
		}
		if content == nil {
			if err := os.Truncate(at, sparse); err != nil {
				t.Fatal(err)
			}
		}
	}
	raw, image := filepath.Join(dir, "disk.raw"), filepath.Join(dir, "disk.qcow2")
	for _, args := range [][]string{
		{"mke2fs", "-q", "-t", "ext4", "-d", tree, raw, "64M"},
		{"qemu-img", "convert", "-O", "qcow2", raw, image},
	} {
		t.Setenv("PATH", os.Getenv("PATH")+":/usr/sbin:/sbin")
		if _, err := exec.LookPath(args[0]); err != nil {
			t.Skip(err)
		}
		if out, err := exec.CommandContext(t.Context(), args[0], args[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %v\n%s", args, err, out)
		}
	}
	return image
}

// scanned runs guestctl scan and returns its result and exit code.
func scanned(t *testing.T, args ...string) (r audit.Result, code int) {
	t.Helper()
	if yara.Version == "" {
		t.Skip("this build has no YARA")
	}
	var out bytes.Buffer
	root := newRootCommand()
	root.SetOut(&out)
	root.SetArgs(append([]string{"scan", "--no-cache", "--format", "json"}, args...))
	if err := root.ExecuteContext(t.Context()); err != nil {
		var coded *codeError
		if !errors.As(err, &coded) || coded.err != nil {
			t.Fatal(err)
		}
		code = coded.code
	}
	if err := json.Unmarshal(out.Bytes(), &r); err != nil {
		t.Fatal(err)
	}
	return r, code
}

// matches are the rules that were found, by the path they were found at.
func matches(r audit.Result) map[string][]string {
	found := map[string][]string{}
	for _, f := range r.Targets[0].Checks {
		if f.Match != nil {
			path := f.Where[0].Path
			found[path] = append(found[path], f.Match.Rule)
		}
	}
	return found
}

func packed(t *testing.T, samples []malwaretest.Sample) []byte {
	t.Helper()
	var inner, outer bytes.Buffer
	z := gzip.NewWriter(&inner)
	w := tar.NewWriter(z)
	for _, s := range samples {
		err := w.WriteHeader(&tar.Header{Name: strings.TrimPrefix(s.Path, "/"), Size: int64(len(s.Content)), Mode: 0o600, Typeflag: tar.TypeReg})
		_, writeErr := w.Write(s.Content)
		if err := errors.Join(err, writeErr); err != nil {
			t.Fatal(err)
		}
	}
	archive := zip.NewWriter(&outer)
	f, err := archive.Create("in.tar.gz")
	if err := errors.Join(err, w.Close(), z.Close()); err != nil {
		t.Fatal(err)
	}
	_, err = f.Write(inner.Bytes())
	if err := errors.Join(err, archive.Close()); err != nil {
		t.Fatal(err)
	}
	return outer.Bytes()
}

// TestEverySampleIsFoundOnADisk puts the sample of every built-in rule on a disk, once as it is and once in a tar.gz in a zip.
func TestEverySampleIsFoundOnADisk(t *testing.T) {
	samples := malwaretest.Positives()
	files := map[string][]byte{"/srv/all.zip": packed(t, samples)}
	for _, s := range samples {
		files[s.Path] = s.Content
	}
	r, code := scanned(t, disk(t, files))
	if code != exitFindings {
		t.Errorf("exit code %d, want %d", code, exitFindings)
	}
	found := matches(r)
	for _, s := range samples {
		for _, path := range []string{s.Path, "/srv/all.zip!/in.tar.gz!" + s.Path} {
			if !slices.Contains(found[path], s.Rule) {
				t.Errorf("%s: %v, want %s", path, found[path], s.Rule)
			}
		}
	}
	if m := r.Targets[0].Malware; m.Stats.Unscanned > 0 || m.Stats.Members < len(samples) {
		t.Errorf("%+v, unscanned %v", m.Stats, m.Unscanned)
	}
}

// TestNothingHidesOnABorder puts a word across every border at which something reads: blocks, clusters, buffers.
func TestNothingHidesOnABorder(t *testing.T) {
	const word = "a-word-that-stands-on-a-border"
	rules := filepath.Join(t.TempDir(), "word.yar")
	if err := os.WriteFile(rules, []byte(`rule Word { strings: $a = "`+word+`" condition: $a }`), 0o600); err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	for _, border := range []int{512, 1024, 4096, 32 << 10, 64 << 10, 128 << 10, 256 << 10, 1 << 20, 4 << 20} {
		for _, before := range []int{1, len(word) / 2, len(word) - 1} {
			content := bytes.Repeat([]byte{0x55}, border+4096)
			copy(content[border-before:], word)
			files[fmt.Sprintf("/srv/%d-%d", border, before)] = content
		}
	}
	r, _ := scanned(t, "--rules", rules, "--no-builtin-rules", disk(t, files))
	found := matches(r)
	for path := range files {
		if strings.HasPrefix(path, "/srv/") && !slices.Equal(found[path], []string{"Word"}) {
			t.Errorf("%s: %v", path, found[path])
		}
	}
}

// TestCleanDebian finds nothing on a disk on which there is nothing, and looks into all of it.
func TestCleanDebian(t *testing.T) {
	image := filepath.Join(debianImages, "debian12.qcow2")
	built(t, image)
	r, code := scanned(t, image)
	if code != exitOK {
		t.Errorf("exit code %d", code)
	}
	for _, f := range r.Targets[0].Checks {
		if f.Status != finding.Pass && f.Status != finding.NotApplicable {
			t.Errorf("%s %s: %s", f.ID, f.Status, f.Message)
		}
	}
	if s := r.Targets[0].Malware.Stats; s.Files != len(debianTruth(t, "sha256")) || s.Scanned != s.Files || s.Unscanned != 0 {
		t.Errorf("%+v", s)
	}
}

// TestBadInputEndsInRecords scans what is made to stop a scanner: the scan ends, says what it did not look into, and is not clean.
func TestBadInputEndsInRecords(t *testing.T) {
	encrypted, err := os.ReadFile("../../scanner/archive/testdata/zip-encrypted.fixture")
	if err != nil {
		t.Fatal(err)
	}
	rules := t.TempDir()
	for name, text := range map[string]string{
		"endless.yar": `rule Endless { condition: filesize == 777 and for all i in (0..1000000000000) : (uint8(0) == 0x41) }`,
		"broken.yar":  "rule Broken {\n condition: nonsense }",
	} {
		if err := os.WriteFile(filepath.Join(rules, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	image := disk(t, map[string][]byte{
		"/srv/encrypted.zip": encrypted,
		"/srv/bomb.gz":       bomb(t),
		"/srv/endless":       bytes.Repeat([]byte("A"), 777),
		"/srv/fine":          malwaretest.EICAR(),
		"/srv/sparse":        nil,
	})
	// Long enough for a busy machine to see the bomb reach its limit before its time is over.
	r, code := scanned(t, "--rules", rules, "--file-timeout", "5s", "--fail-on", "none", image)
	if code != exitNotJudged {
		t.Errorf("exit code %d, want %d", code, exitNotJudged)
	}
	why := map[string]string{}
	m := r.Targets[0].Malware
	for _, u := range m.Unscanned {
		why[u.Path] = string(u.Reason)
	}
	want := map[string]string{"/srv/encrypted.zip": "encrypted", "/srv/bomb.gz": "limit", "/srv/endless": "timeout", "/srv/sparse": "too_large"}
	if d := cmp.Diff(want, why); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
	if found := matches(r); !slices.Contains(found["/srv/fine"], "Test_EICAR") {
		t.Errorf("found %v", found)
	}
	if w := strings.Join(m.Engines[0].Warnings, "\n"); !strings.Contains(w, "broken.yar:2: ") {
		t.Errorf("warnings %q", w)
	}
}

// TestAVolumeThatIsNotThere has files that nobody saw, whether its mount point is there or is made at boot.
func TestAVolumeThatIsNotThere(t *testing.T) {
	fstab := []byte("UUID=11111111-2222-3333-4444-555555555555 /data ext4 defaults 0 2\n")
	for name, files := range map[string]map[string][]byte{
		"a mount point":  {"/etc/fstab": fstab, "/data/below": []byte("hidden")},
		"no mount point": {"/etc/fstab": fstab},
	} {
		t.Run(name, func(t *testing.T) {
			r, code := scanned(t, disk(t, files))
			m := r.Targets[0].Malware
			if code != exitNotJudged || len(m.Unscanned) != 1 || m.Unscanned[0].Path != "/data" || m.Unscanned[0].Reason != scanner.Unreadable {
				t.Errorf("exit code %d, %+v", code, m.Unscanned)
			}
		})
	}
}

// bomb is gzip of many zeros.
func bomb(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	for range 32 {
		if _, err := z.Write(make([]byte, 1<<20)); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestAFileThatIsShorterThanItsInode cuts the image off inside of a file.
func TestAFileThatIsShorterThanItsInode(t *testing.T) {
	content := bytes.Repeat([]byte("0123456789abcdef"), 1<<16)
	image := strings.TrimSuffix(disk(t, map[string][]byte{"/srv/long": content}), ".qcow2") + ".raw"
	b, err := os.ReadFile(image)
	if err != nil {
		t.Fatal(err)
	}
	at := bytes.LastIndex(b, []byte("0123456789abcdef"))
	if err := os.Truncate(image, int64(at)-4096*10); err != nil {
		t.Fatal(err)
	}
	r, code := scanned(t, image)
	if code != exitNotJudged {
		t.Errorf("exit code %d, want %d", code, exitNotJudged)
	}
	m := r.Targets[0].Malware
	if m == nil || !slices.ContainsFunc(m.Unscanned, func(u scanner.Unscanned) bool { return u.Path == "/srv/long" && u.Reason == scanner.Unreadable }) {
		t.Errorf("%+v", r.Targets[0])
	}
}
