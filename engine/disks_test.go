package engine_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/guestctl/guestctl/engine"
	"github.com/guestctl/guestctl/engine/facts"
)

// TestDisks holds the facts about a disk against what sgdisk, mke2fs and testdata/build.sh say.
func TestDisks(t *testing.T) {
	m := open(t, images+"debian12-small.qcow2")
	doc, err := facts.Collect(t.Context(), m.Guests[0], facts.Request{Domains: []string{"disks"}}, engine.Collectors(), 0)
	if err != nil {
		t.Fatal(err)
	}
	got, ok := facts.Get[facts.Disks](doc, "disks")
	if !ok || doc.Collectors["disks"].State != facts.OK {
		t.Fatalf("status %v", doc.Collectors["disks"])
	}
	want := &facts.Disks{{
		Device: "disk", Size: 25 << 20, Content: "gpt", UUID: "1c0ffee0-0000-4000-a000-000000000001",
		Partitions: []facts.Partition{
			{Device: "p1", Number: 1, Type: "BIOS boot", PartUUID: "1c0ffee0-0000-4000-9000-000000000001", Name: "bios", Size: 1 << 20},
			{Device: "p2", Number: 2, Type: "Linux root (x86-64)", PartUUID: "1c0ffee0-0000-4000-9000-000000000002", Name: "root", FSType: "ext4", UUID: "1c0ffee0-0000-4000-8000-000000000002", Label: "root", Size: 12 << 20},
			{Device: "p3", Number: 3, Type: "Linux variable data", PartUUID: "1c0ffee0-0000-4000-9000-000000000003", Name: "var", FSType: "ext4", UUID: "1c0ffee0-0000-4000-8000-000000000003", Label: "var", Size: 6 << 20},
			{Device: "p4", Number: 4, Type: "Linux filesystem", PartUUID: "1c0ffee0-0000-4000-9000-000000000004", Name: "srv", FSType: "ext4", UUID: "1c0ffee0-0000-4000-8000-000000000004", Size: 4 << 20},
		},
	}}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
}
