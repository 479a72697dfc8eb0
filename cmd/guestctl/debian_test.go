package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/finding"
)

const debianImages = "../../build/images"

func debianFormats() []string {
	return append([]string{"debian12.raw", "debian12.qcow2", "debian12-compressed.qcow2"}, otherFileSystems()...)
}

// otherFileSystems are the disks that have the system of debian12.raw on a file system that is not ext4.
func otherFileSystems() []string { return []string{"debian12-xfs.raw", "debian12-btrfs.raw"} }

// onDebian runs the command line on one of the real Debian 12 disks that make images builds, whose path takes the place of
// the argument IMAGE, and returns its output.
func onDebian(t *testing.T, image string, args ...string) []byte {
	t.Helper()
	path := filepath.Join(debianImages, image)
	built(t, path)
	args = slices.Clone(args)
	args[slices.Index(args, "IMAGE")] = path
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	var out bytes.Buffer
	root := newRootCommand()
	root.SetOut(&out)
	root.SetArgs(args)
	if err := root.ExecuteContext(t.Context()); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// debianTruth returns the lines of a file that the real tools wrote beside the disks.
func debianTruth(t *testing.T, name string) []string {
	t.Helper()
	path := filepath.Join(debianImages, name)
	built(t, path)
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return lines(b)
}

// built skips a test whose image was not built; GUESTCTL_IMAGES=required makes that a failure, but for disks that this machine cannot
// make.
func built(t *testing.T, path string) {
	t.Helper()
	_, err := os.Stat(path)
	if err == nil {
		return
	}
	if reason, err := os.ReadFile(filepath.Join(debianImages, "filesystems-left-out")); err == nil && slices.Contains(otherFileSystems(), filepath.Base(path)) {
		t.Skipf("%s: %s", path, reason)
	}
	if os.Getenv("GUESTCTL_IMAGES") == "required" {
		t.Fatal(err)
	}
	t.Skipf("%v: build it with make images", err)
}

func lines(b []byte) []string {
	all := strings.Split(strings.TrimSuffix(string(b), "\n"), "\n")
	slices.Sort(all)
	return all
}

func diff(t *testing.T, want, got []string) {
	t.Helper()
	slices.Sort(want)
	slices.Sort(got)
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-truth +guestctl)\n%s", d)
	}
}

// TestDebianContent holds the SHA-256 of every file against sha256sum of the tree that the disk was made of.
func TestDebianContent(t *testing.T) {
	for _, image := range debianFormats() {
		t.Run(image, func(t *testing.T) {
			diff(t, debianTruth(t, "sha256"), lines(bytes.ReplaceAll(
				onDebian(t, image, "find", "IMAGE", "/", "--sha256", "--null"), []byte{0}, []byte{'\n'})))
		})
	}
}

// TestDebianObjects holds type, mode, owner, size, links, time and link target of every object against find -printf of the
// tree.
func TestDebianObjects(t *testing.T) {
	for _, image := range append(otherFileSystems(), "debian12.qcow2") {
		t.Run(image, func(t *testing.T) {
			var want []string
			for _, line := range debianTruth(t, "objects") {
				want = append(want, strings.ReplaceAll(line, `\`, `\\`)) // guestctl escapes a backslash in a name
			}
			diff(t, want, debianObjects(t, image))
		})
	}
}

// debianObjects lists the objects of a disk as find -printf listed those of the tree.
func debianObjects(t *testing.T, image string) []string {
	t.Helper()
	long := regexp.MustCompile(`^(\S)(\S+) +(\d+) +(\d+) +(\d+) +(\S+) (\S+) (.*?)(?: -> (.*))?$`)
	var objects []string
	for _, line := range lines(onDebian(t, image, "find", "IMAGE", "/", "--long")) {
		m := long.FindStringSubmatch(line)
		if m == nil {
			t.Fatalf("find --long printed %q", line)
		}
		typ, mode, links, uid, gid, size, path, target := m[1], m[2], m[3], m[4], m[5], m[6], m[8], m[9]
		modify, err := time.Parse(time.RFC3339, m[7])
		if err != nil {
			t.Fatal(err)
		}
		if path == "/" || path == "/lost+found" { // made by mke2fs, not in the tree
			continue
		}
		switch typ {
		case "-":
			typ = "f"
		case "d":
			size, links = "-", "-" // the tree's file system counts both its own way
		case "b", "c":
			size = "0" // find prints no device numbers there
		}
		objects = append(objects, strings.Join([]string{
			typ, octalMode(mode), uid, gid, size, links, strconv.FormatInt(modify.Unix(), 10), path, target,
		}, "\t"))
	}
	return objects
}

// TestDebianFactsOnOtherFileSystems wants the facts of the same system on another file system to be the same, line for line, but for
// what is the file system's own: its name, the size of a directory, and lost+found, which mke2fs makes and the scan counts.
func TestDebianFactsOnOtherFileSystems(t *testing.T) {
	of := func(t *testing.T, image string) []string {
		doc := onDebian(t, image, "facts", "--no-cache", "IMAGE")
		for _, own := range []struct{ pattern, common string }{
			{`"path": "[^"]*/` + regexp.QuoteMeta(image) + `"`, `"path": "IMAGE"`},
			{`"fstype": "(ext4|xfs|btrfs)"`, `"fstype": "ANY"`},
			{`("type": "dir",(?:\n *"[a-z_]+": [^\n]*)*?\n *"size":) \d+`, "$1 SIZE"},
			{`("scan": \{\n *"complete": true,\n *"seen":) \d+`, "$1 SEEN"},
		} {
			doc = regexp.MustCompile(own.pattern).ReplaceAll(doc, []byte(own.common))
		}
		return strings.Split(string(doc), "\n")
	}
	want := of(t, "debian12.raw")
	for _, image := range otherFileSystems() {
		t.Run(image, func(t *testing.T) {
			if d := cmp.Diff(want, of(t, image)); d != "" {
				t.Errorf("(-ext4 +other)\n%s", d)
			}
		})
	}
}

// octalMode turns rwsr-xr-x into 4755.
func octalMode(s string) string {
	n := 0
	for i, c := range []byte(s) {
		if c != '-' && c != 'S' && c != 'T' {
			n |= 1 << (8 - i)
		}
		if strings.IndexByte("sStT", c) >= 0 {
			n |= 0o1000 << (2 - i/3)
		}
	}
	return strconv.FormatInt(int64(n), 8)
}

// TestDebianPackages holds the packages against dpkg-query of the tree.
func TestDebianPackages(t *testing.T) {
	var doc struct{ Packages facts.Packages }
	if err := json.Unmarshal(onDebian(t, "debian12.raw", "facts", "--only", "packages", "IMAGE"), &doc); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, entries := range doc.Packages.Installed {
		for _, p := range entries {
			got = append(got, fmt.Sprintf("%s\t%s\t%s\t%s %s %s", p.Name, p.Version, p.Arch, p.Want, p.Error, p.State))
		}
	}
	var want []string
	for _, line := range debianTruth(t, "packages") {
		want = append(want, strings.Join(strings.Split(line, "\t")[:4], "\t"))
	}
	diff(t, want, got)
}

// TestDebianBackupIsIntact wants every layer of the real Debian 12 to pass.
func TestDebianBackupIsIntact(t *testing.T) {
	out := string(onDebian(t, "debian12.qcow2", "verify-backup", "--no-cache", "IMAGE")) // exit code 0
	for _, id := range []string{"backup.container", "backup.table", "backup.filesystem/p2", "backup.packages", "backup.archives"} {
		if !strings.Contains(out, "PASS     "+id+" ") {
			t.Errorf("%s does not pass:\n%s", id, out)
		}
	}
}

// TestDebianForUEFIBoots wants every link of the boot to pass on the Debian whose firmware is UEFI.
func TestDebianForUEFIBoots(t *testing.T) {
	out := string(onDebian(t, "debian12-uefi.qcow2", "verify-backup", "--no-cache", "--bootable", "--target", "kvm", "IMAGE")) // exit code 0
	for _, id := range []string{"uefi", "uefi-loader", "config", "kernel", "initrd", "root", "modules", "init", "target", "fstab", "accounts", "space"} {
		if !strings.Contains(out, "PASS     backup.boot/"+id+" ") {
			t.Errorf("%s does not pass:\n%s", id, out)
		}
	}
	if strings.Contains(out, "backup.boot/firmware") || strings.Contains(out, "FAIL") {
		t.Errorf("the way of a BIOS is followed, or something fails:\n%s", out)
	}
}

// TestDebianPackagesVerify wants nothing to tell of the real Debian 12, and of its variants only what they are made of.
func TestDebianPackagesVerify(t *testing.T) {
	onDebian(t, "debian12-compressed.qcow2", "verify-packages", "IMAGE") // exit code 0
	for _, c := range []struct {
		image string
		flags []string
		want  []string // checks that fail, without their prefix
	}{
		{"debian12-broken.qcow2", []string{"--allow-config-changes", "--ignore", "/etc/systemd/**"}, []string{
			"unowned:/usr/lib/systemd/system/ssh.service.d/options.conf", "unowned:/usr/local/bin/suid",
		}},
		{"debian12-broken.qcow2", []string{"--ignore", "/etc/systemd/system/*.*", "--ignore", "/etc/systemd/system/*/*", "--ignore", "/usr/**"}, []string{
			"verify:/etc/issue", "verify:/etc/login.defs", "verify:/etc/nftables.conf",
			"verify:/etc/pam.d/su", "verify:/etc/security/faillock.conf", "verify:/etc/sudoers", "verify:/etc/sysctl.conf",
			"verify:/etc/systemd/journald.conf",
		}},
	} {
		var r struct {
			Targets []struct {
				Checks []finding.Finding
			}
		}
		args := append([]string{"verify-packages", "--format", "json", "--exit-zero"}, c.flags...)
		if err := json.Unmarshal(onDebian(t, c.image, append(args, "IMAGE")...), &r); err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, f := range r.Targets[0].Checks {
			if f.Status == finding.Fail {
				got = append(got, strings.TrimPrefix(f.ID, "packages."))
			}
		}
		diff(t, c.want, got)
	}
}
