package guest

import (
	"errors"
	"testing"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
	"github.com/guestctl/guestctl/internal/memfs"
)

// TestATaintIsToldOfEverything wants the reason on what is there, with its value, and on what is missing, without one.
func TestATaintIsToldOfEverything(t *testing.T) {
	f := memfs.New(map[string]memfs.File{"/etc/fstab": {}, "/etc/hostname": {Data: "web01"}})
	f.Desc.Problems = []filesys.Problem{{Message: "superblock", Taints: true}}
	guests, err := Find(t.Context(), []Volume{{Device: "p1", FS: f}})
	if err != nil || len(guests) != 1 {
		t.Fatalf("%d guests, %v", len(guests), err)
	}
	g := guests[0]
	b, err := g.ReadFile("/etc/hostname", 100)
	if taint, ok := TaintOf(err); string(b) != "web01" || !ok || taint.Device != "p1" || !errors.Is(err, binread.ErrChecksum) {
		t.Errorf("there: %q, %v", b, err)
	}
	_, err = g.Stat("/etc/missing")
	if taint, ok := TaintOf(err); !ok || taint.Reason != "superblock" || !errors.Is(err, ErrUnread) || errors.Is(err, binread.ErrChecksum) {
		t.Errorf("missing: %v, want it unread and without a value", err)
	}
	if _, ok := TaintOf(binread.Checksum("inode 7")); ok {
		t.Error("damage of one inode taints the volume")
	}
}
