package ext4

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
)

// TestCheckAgreesOnWholeImages: nothing is found, and as much is in use as e2fsck says.
func TestCheckAgreesOnWholeImages(t *testing.T) {
	for _, options := range [][]string{
		{"-t", "ext2"},
		{"-t", "ext3"},
		{"-t", "ext4"},
		{"-t", "ext4", "-O", "^metadata_csum,uninit_bg"},
		{"-t", "ext4", "-O", "^metadata_csum"},
		{"-t", "ext4", "-O", "^64bit"},
		{"-t", "ext4", "-O", "^has_journal"},
		{"-t", "ext4", "-O", "^flex_bg"},
		{"-t", "ext4", "-O", "^resize_inode"},
		{"-t", "ext4", "-O", "^resize_inode,meta_bg"},
		{"-t", "ext4", "-O", "^sparse_super,^resize_inode"},
		{"-t", "ext4", "-O", "sparse_super2"},
		{"-t", "ext4", "-O", "inline_data"},
		{"-t", "ext4", "-O", "bigalloc", "-C", "4096", "-N", "1024"},
		{"-t", "ext4", "-O", "quota"},
		{"-t", "ext4", "-O", "quota,project"},
		{"-t", "ext4", "-O", "orphan_file"},
		{"-t", "ext4", "-O", "ea_inode"},
		{"-t", "ext4", "-O", "casefold"},
		{"-t", "ext4", "-O", "metadata_csum_seed"},
		{"-t", "ext4", "-O", "large_dir"},
		{"-t", "ext4", "-O", "encrypt,verity"},
		{"-t", "ext4", "-I", "128"},
		{"-t", "ext4", "-I", "1024"},
		{"-t", "ext4", "-g", "1024"},
		{"-t", "ext4", "-G", "4"},
		{"-t", "ext4", "-N", "4096"},
		{"-t", "ext4", "-b", "4096"},
		{"-t", "ext4", "-b", "65536"},
		{"-t", "ext4", "-E", "lazy_itable_init=0,resize=1g"},
	} {
		t.Run(fmt.Sprint(options), func(t *testing.T) {
			l := newLab(t, "33M", options...)
			out, code := l.fsck()
			if code != 0 {
				t.Fatalf("e2fsck: %d, %s", code, out)
			}
			found, checked := checkAll(t, openBytes(t, l.bytes()))
			for _, d := range found {
				t.Errorf("%+v", d)
			}
			said := regexp.MustCompile(`: (\d+)/\d+ files \(.*\), (\d+)/\d+ blocks`).FindStringSubmatch(out)
			if got := []string{itoa(checked.Inodes), itoa(checked.Blocks)}; said == nil || got[0] != said[1] || got[1] != said[2] {
				t.Errorf("%q inodes and blocks in use, e2fsck says %q", got, said)
			}
		})
	}
}

// TestOrphansAreNoDamage: files that were open and without a name when the machine stopped are what the next mount removes.
func TestOrphansAreNoDamage(t *testing.T) {
	for name, orphan := range map[string]func(l *lab){
		"list": func(l *lab) {
			first, second := l.inode("a"), l.inode("b")
			number := strings.Trim(first, "<>")
			l.debugfs("unlink a", "unlink b",
				"sif "+first+" links_count 0", "sif "+second+" links_count 0", "sif "+second+" dtime "+number,
				"ssv last_orphan "+strings.Trim(second, "<>"))
		},
		"truncation": func(l *lab) {
			l.debugfs("sif large size 1000", "ssv last_orphan "+strings.Trim(l.inode("large"), "<>"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t, "33M", "-t", "ext4")
			orphan(l)
			found, checked := checkAll(t, openBytes(t, l.bytes()))
			for _, d := range found {
				t.Errorf("%+v", d)
			}
			if checked.Orphans == 0 {
				t.Errorf("checked %+v, want orphans", checked)
			}
			// a list that is cut leaves damage
			l.debugfs("ssv last_orphan 0")
			if found, _ := checkAll(t, openBytes(t, l.bytes())); len(found) == 0 {
				t.Error("nothing is found without the list")
			}
		})
	}
}
