package engine_test

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/guestctl/guestctl/engine"
	"github.com/guestctl/guestctl/engine/filesys"
)

const rootImages = "../testdata/roots/"

func openRoots(t *testing.T, name string) *engine.Machine {
	t.Helper()
	return open(t, rootImages+name+".qcow2")
}

var listedSubvolume = regexp.MustCompile(`(?m)^ID (\d+) gen .* parent_uuid (\S+)\s+uuid (\S+) path ((?s:.*?))\n?(?:\z|^ID)`)

// subvolumesOf is what `btrfs subvolume list -apuq` says. A name of it may have a line break.
func subvolumesOf(t *testing.T, name string) []string {
	t.Helper()
	b, err := os.ReadFile(rootImages + name + ".truth")
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, one := range regexp.MustCompile(`(?m)^ID `).Split(string(b), -1) {
		if m := listedSubvolume.FindStringSubmatch("ID " + strings.TrimSuffix(one, "\n")); m != nil {
			all = append(all, fmt.Sprintf("%s %q %s of %s", m[1], m[4], m[3], strings.TrimPrefix(m[2], "-")))
		}
	}
	return all
}

func TestSubvolumesAreThoseOfBtrfs(t *testing.T) {
	for _, name := range []string{"ubuntu", "suse", "fedora", "arch", "booted", "received"} {
		var got []string
		for _, v := range openRoots(t, name).Volumes {
			rooted, ok := v.FS.(filesys.Rooted)
			if !ok {
				continue
			}
			roots, err := rooted.Roots()
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			for _, r := range roots[1:] {
				got = append(got, fmt.Sprintf("%d %q %s of %s", r.ID, r.Name, r.UUID, r.Parent))
			}
		}
		want := subvolumesOf(t, name)
		slices.Sort(want)
		if diff := cmp.Diff(want, got); diff != "" || len(got) == 0 {
			t.Errorf("%s (-want +got)\n%s", name, diff)
		}
	}
}

// What each image is meant to hold stands in the script that makes it.
func TestRootsOfMachines(t *testing.T) {
	for name, want := range map[string][]string{
		"ubuntu": {"p2 @", "p2:timeshift-btrfs/snapshots/2025-10-01_10-00-01/@", "p2:timeshift-btrfs/snapshots/2025-10-02_10-00-01/@"},
		"suse":   {"p2 @/.snapshots/1/snapshot", "p2:@/.snapshots/2/snapshot", "p2:@/.snapshots/3/snapshot", "p2:@/.snapshots/4/snapshot"},
		"fedora": {"p2 root", "p2:old"}, "arch": {"p2 @"}, "booted": {"p2 @new", "p2:@"},
		"received": {"p2:monday", "p2:tuesday"}, "timeshift": {"p2 ", "p2:timeshift/snapshots/2025-10-01_10-00-01/localhost"},
	} {
		m := openRoots(t, name)
		var got []string
		for _, g := range m.Guests {
			got = append(got, g.Name+" "+g.Tree.Name)
		}
		others, err := m.Others(t.Context())
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		for _, o := range others {
			got = append(got, o.Name())
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got)\n%s", name, diff)
		}
	}
}

// ostree admin status says which deployment boots: it stands first.
func TestDeploymentsAreThoseOfOstree(t *testing.T) {
	m := openRoots(t, "ostree")
	b, err := os.ReadFile(rootImages + "ostree.truth")
	if err != nil {
		t.Fatal(err)
	}
	told := regexp.MustCompile(`(?m)^\s+debian ([0-9a-f]{64}\.\d)$`).FindAllStringSubmatch(string(b), -1)
	others, err := m.Others(t.Context())
	if err != nil || len(m.Guests) != 1 || len(others) != 1 || len(told) != 2 {
		t.Fatalf("%d guests, %d others, %d told, %v", len(m.Guests), len(others), len(told), err)
	}
	const dir = "ostree/deploy/debian/deploy/"
	if got := m.Guests[0].Tree.Name; got != dir+told[0][1] || m.Guests[0].Name != "p2" {
		t.Errorf("%s at %s boots, want %s", m.Guests[0].Name, got, told[0][1])
	}
	if got := others[0].Name(); got != "p2:"+dir+told[1][1] {
		t.Errorf("the other is %s, want %s", got, told[1][1])
	}
	for _, path := range []string{"/home/ana/.bashrc", "/sysroot/ostree/repo/config", "/boot/loader/entries/ostree-1-debian.conf"} {
		if _, err := m.Guests[0].Stat(path); err != nil {
			t.Errorf("%s: %v", path, err)
		}
	}
}
