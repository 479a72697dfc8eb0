package boot_test

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/guestctl/guestctl/backup/boot"
	"github.com/guestctl/guestctl/backup/intact"
	"github.com/guestctl/guestctl/engine"
	"github.com/guestctl/guestctl/finding"
)

const (
	damagedDisks = "../../build/damaged/"
	recipes      = "../../testdata/damaged/cases"        // what build-damaged.sh makes
	recorded     = "../../testdata/damaged/boots.tsv"    // by record-boots.sh
	verdictsFile = "../../testdata/damaged/verdicts.tsv" // by this test, with UPDATE=1
)

// bootRecord is a line of what a real boot of a damaged disk did.
type bootRecord struct {
	name, container, outcome string
	boots                    bool
}

func bootRecords(t *testing.T) []bootRecord {
	t.Helper()
	b, err := os.ReadFile(recorded)
	if err != nil {
		t.Fatal(err)
	}
	var all []bootRecord
	for i, line := range strings.Split(strings.TrimSpace(string(b)), "\n") {
		f := strings.Split(line, "\t")
		if len(f) != 8 {
			t.Fatalf("%s:%d: %d columns, want 8", recorded, i+1, len(f))
		}
		if i > 0 && f[0] != "undamaged" {
			all = append(all, bootRecord{f[0], f[2], f[3], f[4] == "yes"})
		}
	}
	return all
}

// judged is what is said of a damaged disk.
type judged struct {
	bootable finding.Status
	links    []string // of the proof, that do not hold
	intact   []string // layers, that do not hold
}

// judgeDamaged judges one disk as verify-backup --bootable does, without the digests of all packages.
func judgeDamaged(t *testing.T, file string) judged {
	t.Helper()
	m, err := engine.Open(context.Background(), []string{file}, engine.Options{AllowDirs: []string{images}})
	if err != nil {
		return judged{finding.Unknown, []string{"not opened"}, []string{"not opened"}}
	}
	defer func() { _ = m.Close() }()
	j := judged{bootable: finding.Unknown}
	v, err := intact.Verify(context.Background(), m, intact.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range v.Layers {
		if l.Status != finding.Pass {
			j.intact = append(j.intact, fmt.Sprintf("%s %s", strings.TrimPrefix(l.ID, "backup."), l.Status))
		}
	}
	if len(m.Guests) != 1 {
		j.links = append(j.links, fmt.Sprintf("%d guests", len(m.Guests)))
		return j
	}
	p := prove(t, m, m.Guests[0], boot.Options{Target: "kvm"})
	j.bootable = p.Status
	for _, l := range p.Links {
		if l.Status != finding.Pass && !strings.Contains(l.Actual, "depends on") {
			j.links = append(j.links, fmt.Sprintf("%s %s", strings.TrimPrefix(l.ID, "backup.boot/"), l.Status))
		}
	}
	return j
}

func (j judged) line(name string, r bootRecord) string {
	list := func(l []string) string {
		if len(l) == 0 {
			return "-"
		}
		return strings.Join(l, ", ")
	}
	return strings.Join([]string{name, r.outcome, string(j.bootable), list(j.links), list(j.intact)}, "\t")
}

// TestEveryDamagedDiskWasBooted needs no disk: no case is without a record, and none is recorded that cannot be made.
func TestEveryDamagedDiskWasBooted(t *testing.T) {
	b, err := os.ReadFile(recipes)
	if err != nil {
		t.Fatal(err)
	}
	var made, booted []string
	for line := range strings.Lines(string(b)) {
		_, name, _ := strings.Cut(strings.TrimSpace(line), "\t")
		made = append(made, name)
	}
	for _, r := range bootRecords(t) {
		booted = append(booted, r.name)
	}
	slices.Sort(made)
	slices.Sort(booted)
	if !slices.Equal(made, booted) {
		t.Errorf("%s has %d disks, and %s %d: want the same", recipes, len(made), recorded, len(booted))
	}
}

// TestVerdictsAgreeWithRealBoots holds the verdict on every damaged disk of build-damaged.sh against what it did in QEMU: none that does
// not boot is called bootable. What is said of each is kept, so that a disk that boots and is not passed is known, and a change is seen.
func TestVerdictsAgreeWithRealBoots(t *testing.T) {
	records := bootRecords(t)
	if _, err := os.Stat(damagedDisks + "stamp"); err != nil {
		if os.Getenv("GUESTCTL_IMAGES") == "required" {
			t.Fatal(err)
		}
		t.Skipf("%v: build the disks with make damaged", err)
	}
	lines := make([]string, len(records))
	t.Run("disks", func(t *testing.T) {
		for i, r := range records {
			t.Run(r.name, func(t *testing.T) {
				t.Parallel()
				j := judgeDamaged(t, damagedDisks+r.name+"."+r.container)
				lines[i] = j.line(r.name, r)
				if !r.boots && j.bootable == finding.Pass {
					t.Errorf("is called bootable, and a real boot ended in %s", r.outcome)
				}
			})
		}
	})
	slices.Sort(lines)
	got := "case\toutcome\tbootable\tlinks\tintact\n" + strings.Join(lines, "\n") + "\n"
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(verdictsFile, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(verdictsFile)
	if err != nil {
		t.Fatal(err)
	}
	had := strings.Split(string(want), "\n")
	if lines := strings.Count(got, "\n"); strings.Count(string(want), "\n") != lines {
		t.Errorf("%s has other disks than the %d that were booted: run this test with UPDATE=1", verdictsFile, lines-1)
	}
	for line := range strings.SplitSeq(got, "\n") {
		if !slices.Contains(had, line) {
			t.Errorf("%s has no line %q: run this test with UPDATE=1, and read the difference", verdictsFile, line)
		}
	}
}
