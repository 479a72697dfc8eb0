package packages

import (
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/guestctl/guestctl/engine/capability"
	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/engine/shipped"
	"github.com/guestctl/guestctl/internal/factstest"
	"github.com/guestctl/guestctl/internal/memfs"
)

const (
	rpmTruth    = "../../engine/rpmdb/testdata/files"
	pacmanTruth = "../../engine/shipped/testdata/pacman"
)

func readText(t *testing.T, name string) []string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimRight(string(b), "\n"), "\n")
}

// readTree makes the files that engine/shipped/testdata/tree.py wrote down.
func readTree(t *testing.T, name string) map[string]memfs.File {
	t.Helper()
	decode := base64.StdEncoding.DecodeString
	files := map[string]memfs.File{}
	for _, line := range readText(t, name) {
		part := strings.Split(line, "\t")
		mode, errMode := strconv.ParseUint(part[1], 8, 32)
		uid, errUID := strconv.ParseUint(part[2], 10, 32)
		gid, errGID := strconv.ParseUint(part[3], 10, 32)
		content, errContent := decode(part[4])
		caps, errCaps := decode(part[5])
		if errMode != nil || errUID != nil || errGID != nil || errContent != nil || errCaps != nil {
			t.Fatalf("%q", line)
		}
		f := memfs.File{Mode: uint32(mode), UID: uint32(uid), GID: uint32(gid), Data: string(content)}
		if f.Mode&modeType == modeLink {
			f.Link, f.Data = f.Data, ""
		}
		if len(caps) > 0 {
			f.Xattrs = map[string][]byte{capability.Attr: caps}
		}
		files[part[0]] = f
	}
	return files
}

func withRPM(t *testing.T, files map[string]memfs.File) map[string]memfs.File {
	t.Helper()
	files["/var/lib/rpm/rpmdb.sqlite"] = memfs.File{Data: factstest.Unpack(t, rpmTruth+".db.zst")}
	return files
}

// verified lists path and kind of every difference.
func verified(t *testing.T, files map[string]memfs.File) ([]string, *Result) {
	t.Helper()
	g := factstest.Guest(t, files)
	x, err := shipped.Load(t.Context(), g)
	if err != nil || len(x.Problems) > 0 {
		t.Fatal(err, x.Problems)
	}
	owners, _ := facts.OwnersOf(g)
	r, err := Verify(t.Context(), g, Options{Packages: x, Owners: owners, Files: true})
	if err != nil || len(r.Unread) > 0 {
		t.Fatal(err, r.Unread)
	}
	var got []string
	for _, d := range r.Differences {
		got = append(got, fmt.Sprintf("%s %s", d.Path, d.Kind))
	}
	slices.Sort(got)
	return got, r
}

// TestRPMAgreesWithItsOwnVerification holds the differences against what rpm -Va said of the same tree, but for times.
func TestRPMAgreesWithItsOwnVerification(t *testing.T) {
	files := withRPM(t, readTree(t, rpmTruth+".tree"))
	line := regexp.MustCompile(`^(missing|[.SM5DLUGTP]{9}) +(?:([a-z]) )?(/.*?)(?: \(replaced\))?$`)
	kinds := map[rune]Kind{'5': Modified, 'M': WrongMode, 'L': WrongTarget, 'U': WrongOwner, 'G': WrongOwner, 'P': WrongCapabilities}
	var want []string
	for _, text := range readText(t, rpmTruth+".verify") {
		m := line.FindStringSubmatch(text)
		if m == nil {
			t.Fatalf("%q", text)
		}
		path := m[3]
		switch {
		case m[1] == "missing":
			want = append(want, fmt.Sprintf("%s %s", path, Missing))
			continue
		case path == "/usr/bin/link-became-file": // rpm tells it as another mode, size and digest
			want = append(want, fmt.Sprintf("%s %s", path, WrongType))
			continue
		}
		for _, letter := range m[1] {
			kind := kinds[letter]
			if kind == Modified && m[2] == "c" {
				kind = ConfigChanged
			}
			if kind != "" {
				want = append(want, fmt.Sprintf("%s %s", path, kind))
			}
		}
	}
	slices.Sort(want)
	want = slices.Compact(want)
	got, r := verified(t, files)
	if diff := cmp.Diff(want, got); diff != "" || len(got) < 14 {
		t.Error("rpm -, guestctl +\n" + diff)
	}
	if r.Stats.NoDigest != 1 { // the %ghost that is there
		t.Errorf("%d files without a digest, want 1", r.Stats.NoDigest)
	}
}

// TestPacmanAgreesWithItsOwnVerification holds the differences against what pacman -Qkk said of the same tree, but for times.
func TestPacmanAgreesWithItsOwnVerification(t *testing.T) {
	line := regexp.MustCompile(`^(backup file|warning): [a-z-]*: (/.*) \((.*)\)$`)
	kinds := map[string]Kind{
		"MD5 checksum mismatch": Modified, "SHA256 checksum mismatch": Modified, "Size mismatch": Modified, "No such file or directory": Missing,
		"File type mismatch": WrongType, "Symlink path mismatch": WrongTarget, "Permissions mismatch": WrongMode, "UID mismatch": WrongOwner,
		"GID mismatch": WrongOwner,
	}
	var want []string
	for _, text := range readText(t, pacmanTruth+".verify") {
		if m := line.FindStringSubmatch(text); m != nil && kinds[m[3]] != "" {
			kind := kinds[m[3]]
			if m[1] == "backup file" && kind == Modified {
				kind = ConfigChanged
			}
			want = append(want, fmt.Sprintf("%s %s", m[2], kind))
		}
	}
	slices.Sort(want)
	want = slices.Compact(want)
	got, _ := verified(t, readTree(t, pacmanTruth+".tree"))
	if diff := cmp.Diff(want, got); diff != "" || len(got) < 10 {
		t.Error("pacman -, guestctl +\n" + diff)
	}
}

// TestApkDoesNotTellFilesFromLinks: the digest of a link is that of where it leads, as in src/audit.c of apk-tools.
func TestApkDoesNotTellFilesFromLinks(t *testing.T) {
	digest := func(s string) string {
		sum := sha1.Sum([]byte(s))
		return "Q1" + base64.StdEncoding.EncodeToString(sum[:])
	}
	db := "P:busybox\nV:1\nF:bin\nR:busybox\na:0:0:755\nZ:" + digest("elf") + "\nR:replaced\na:0:0:755\nZ:" + digest("elf") + "\n"
	for _, name := range []string{"sh", "ash", "cat"} {
		db += "R:" + name + "\na:0:0:777\nZ:" + digest("/bin/busybox") + "\n"
	}
	files := map[string]memfs.File{
		"/lib/apk/db/installed": {Data: db + "\n"}, "/bin/busybox": {Data: "elf", Mode: 0o755}, "/bin/sh": {Link: "/bin/busybox"},
		"/bin/ash": {Link: "/tmp/ash"}, "/bin/cat": {Data: "evil", Mode: 0o777}, "/bin/replaced": {Link: "/tmp/x"},
	}
	got, _ := verified(t, files)
	want := []string{"/bin/ash target", "/bin/cat modified", "/bin/replaced type"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
