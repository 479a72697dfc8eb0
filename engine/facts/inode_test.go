package facts_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/engine/filesys"
	"github.com/guestctl/guestctl/engine/guest"
	"github.com/guestctl/guestctl/internal/factstest"
	"github.com/guestctl/guestctl/internal/memfs"
)

// owned are the files of a guest by path.
type owned map[string]facts.Inode

func collectOwned(ctx context.Context, s *facts.Scope) (*owned, error) {
	all, owners := owned{}, s.Owners()
	return &all, s.Guest.Walk(ctx, "/", func(o guest.Object, err error) error {
		all[o.Path] = owners.Inode(o.Path, o)
		return err
	})
}

func TestInodesHaveTheNamesOfTheGuest(t *testing.T) {
	g := factstest.Guest(t, map[string]memfs.File{
		"/etc/passwd": {Data: "root:x:0:0::/root:/bin/sh\ntoor:x:0:0::/:/bin/sh\n+nis:x:7:7::/:\n#off:x:8:8::/:\nbad:x:many:1::/:\n"},
		"/etc/group":  {Data: "root:x:0:\nshadow:x:42:\n"},
		"/shadow":     {Data: "xyz", Mode: 0o4640, GID: 42}, "/nis": {UID: 7, GID: 7}, "/off": {UID: 8}, "/link": {Link: "shadow"},
		"/socket": {Mode: filesys.ModeSocket | 0o600, UID: 4294967295},
	})
	got, status := factstest.Collect[owned](t, g, facts.Request{}, facts.New("owned", "All files", collectOwned))
	if status.State != facts.OK {
		t.Fatal(status)
	}
	for path, want := range map[string]facts.Inode{
		"/shadow": {Type: "file", Mode: "4640", GID: 42, Owner: "root", Group: "shadow", Size: 3},
		"/nis":    {Type: "file", Mode: "0644", UID: 7, GID: 7},
		"/off":    {Type: "file", Mode: "0644", UID: 8, Group: "root"},
		"/link":   {Type: "symlink", Mode: "0777", Owner: "root", Group: "root", Size: 6},
		"/socket": {Type: "socket", Mode: "0600", UID: 4294967295, Group: "root"},
	} {
		want.Path = path
		if diff := cmp.Diff(want, (*got)[path]); diff != "" {
			t.Errorf("%s: want -, got +\n%s", path, diff)
		}
	}
}

// TestOwnersThatCannotBeRead tells a guest without accounts, which is no fault, from one whose accounts are damaged.
func TestOwnersThatCannotBeRead(t *testing.T) {
	for name, c := range map[string]struct {
		passwd memfs.File
		state  facts.State
		owner  string
	}{
		"damaged":   {memfs.File{Data: "root:x:0:0::/:\n", Err: binread.Corrupt("block 7")}, facts.Partial, ""},
		"checksum":  {memfs.File{Data: "root:x:0:0::/:\n", Err: binread.ErrChecksum}, facts.Partial, "root"},
		"directory": {memfs.Dir(), facts.Partial, ""},
		"dangling":  {memfs.File{Link: "nowhere"}, facts.OK, ""},
	} {
		t.Run(name, func(t *testing.T) {
			g := factstest.Guest(t, map[string]memfs.File{"/etc/passwd": c.passwd, "/etc/group": {Data: "root:x:0:\n"}})
			got, status := factstest.Collect[owned](t, g, facts.Request{}, facts.New("owned", "All files", collectOwned))
			if f := (*got)["/etc/fstab"]; status.State != c.state || f.Group != "root" || f.Owner != c.owner {
				t.Errorf("%s %v: %+v", status.State, status.Problems, f)
			}
		})
	}
}
