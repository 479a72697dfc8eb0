package audit

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/guestctl/guestctl/backup/cycle"
	"github.com/guestctl/guestctl/backup/intact"
	"github.com/guestctl/guestctl/backup/seal"
	"github.com/guestctl/guestctl/engine"
	"github.com/guestctl/guestctl/engine/shipped"
	"github.com/guestctl/guestctl/finding"
	"github.com/guestctl/guestctl/policy"
)

const (
	allSectors   = 300
	fewSectors   = 12
	shortSectors = 4
	wantPercent  = 84 // of the harmful ones, without a seal
	sectorTable  = "../testdata/sectors.tsv"
)

// TestRandomOverwritesAreFound overwrites sectors of the real Debian disk, one at a time, and verifies the image each time as the
// command does. What may be found of one is asked of e2fsprogs and dpkg's lists. The disk is never written to: each overwrite is an
// overlay of one cluster. GUESTCTL_SECTORS=all tries 300 sectors and wants 84 % of the harmful ones; those of them that are in a
// file are judged by what can see them, which is the digests and the archives. With UPDATE=1 it writes the table.
func TestRandomOverwritesAreFound(t *testing.T) {
	base, err := filepath.Abs("../build/images/debian12.raw")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(base); err != nil {
		if os.Getenv("GUESTCTL_IMAGES") == "required" {
			t.Fatal(err)
		}
		t.Skipf("%v: build it with make images", err)
	}
	d := openDisk(t, base)
	n := fewSectors
	switch {
	case os.Getenv("GUESTCTL_SECTORS") == "all":
		n = allSectors
	case testing.Short():
		n = shortSectors
	}
	l := newSectors(d)
	if found, _ := l.verify(d.overlay(nil), false); len(found) > 0 {
		t.Fatalf("found on the undamaged image: %v", found)
	}
	for i, s := range d.truth(d.choose(n)) {
		l.try(s, i < fewSectors)
	}
	l.judge(n == allSectors)
}

// sectors is the experiment.
type sectors struct {
	*disk
	manifest *seal.Manifest
	sums     map[string][]byte // of the files that packages have a digest of, as they are on the undamaged disk
	tried    []triedSector
}

func newSectors(d *disk) *sectors {
	d.t.Helper()
	m, err := engine.Open(d.t.Context(), []string{d.name}, engine.Options{})
	if err != nil {
		d.t.Fatal(err)
	}
	defer m.Close()
	l := &sectors{disk: d, sums: map[string][]byte{}}
	if l.manifest, err = seal.Machine(d.t.Context(), m, &bytes.Buffer{}, seal.Options{}); err != nil {
		d.t.Fatal(err)
	}
	index, err := shipped.Load(d.t.Context(), m.Guests[0])
	if err != nil {
		d.t.Fatal(err)
	}
	for i := range index.Len() {
		if f := index.At(i); f.Hash != 0 {
			l.sums[f.Path] = f.Digest
		}
	}
	return l
}

// triedSector is a sector, and which checks failed of the image with it overwritten.
type triedSector struct {
	sector
	found, full []string // by default; and beside it with --full, which is asked where nothing is found
}

// overlay is an image of the disk with a sector overwritten.
func (d *disk) overlay(s *sector) string {
	d.t.Helper()
	name, noise := filepath.Join(d.dir, "overlay.qcow2"), filepath.Join(d.dir, "noise")
	if out, code := d.run("qemu-img", "create", "-q", "-f", "qcow2", "-F", "raw", "-b", d.name, name); code != 0 {
		d.t.Fatal(out)
	}
	if s == nil {
		return name
	}
	if err := os.WriteFile(noise, s.noise(), 0o600); err != nil {
		d.t.Fatal(err)
	}
	if out, code := d.run("qemu-io", "-f", "qcow2", "-c", fmt.Sprintf("write -q -s %s %d %d", noise, s.number*sectorSize, sectorSize), name); code != 0 {
		d.t.Fatal(out)
	}
	return name
}

// verify returns the checks that fail, without the path of a file, and the damage.
func (l *sectors) verify(image string, full bool) ([]string, []intact.Damage) {
	l.t.Helper()
	r, err := Run(l.t.Context(), Job{
		Images: []string{image}, Policy: &policy.Policy{}, FailOn: FailOn(finding.Medium), Now: time.Unix(1_800_000_000, 0), Jobs: 1,
		Engine: engine.Options{AllowDirs: []string{filepath.Dir(l.name)}}, Backup: &Backup{Full: full},
	})
	if err != nil {
		l.t.Fatal(err)
	}
	return failing(r.Targets[0].Checks), r.Targets[0].Backup.Damage
}

// verifyFile returns what verify would for a sector in a file: no other file needs to be read again.
func (l *sectors) verifyFile(image string, s sector) ([]string, []intact.Damage) {
	l.t.Helper()
	m, err := engine.Open(l.t.Context(), []string{image}, engine.Options{AllowDirs: []string{filepath.Dir(l.name)}})
	if err != nil {
		l.t.Fatal(err)
	}
	defer m.Close()
	v := verification{files: true, Verify: Verify{AllowConfig: true}}
	sums := maps.Clone(l.sums)
	for _, name := range s.names {
		delete(sums, name)
	}
	result, err := v.run(l.t.Context(), m.Guests[0], read{sums: sums})
	all, r := &intact.Verification{}, &Result{job: Job{Now: time.Unix(1_800_000_000, 0)}}
	if err == nil && s.kind == "initrd" {
		err = all.Unpack(l.t.Context(), m.Guests[0], intact.Options{})
	}
	if err == nil {
		err = r.attribute(l.t.Context(), m, m.Guests[0], all, result)
	}
	if err != nil {
		l.t.Fatal(err)
	}
	return failing(slices.Concat(all.Findings(), v.intact(result, all))), all.Damage
}

// failing are the checks that fail, without the path of a file.
func failing(checks []finding.Finding) []string {
	var found []string
	for _, f := range checks {
		if f.Status == finding.Fail {
			id, _, _ := strings.Cut(f.ID, ":")
			found = append(found, id)
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// try overwrites a sector. With whole the whole verification judges it; without, one in a file is judged by what can see it.
func (l *sectors) try(s sector, whole bool) {
	l.t.Helper()
	image := l.overlay(&s)
	judge := func() ([]string, []intact.Damage) { return l.verify(image, false) }
	if s.isFile() && !whole {
		judge = func() ([]string, []intact.Damage) { return l.verifyFile(image, s) }
	}
	found, damage := judge()
	if s.isFile() && whole {
		if fast, _ := l.verifyFile(image, s); !slices.Equal(fast, found) {
			l.t.Errorf("sector %d, %s %s: %v are found, and %v of all", s.number, s.kind, s.path, fast, found)
		}
	}
	tried := triedSector{sector: s, found: found}
	if len(found) == 0 && s.harmful {
		tried.full, _ = l.verify(image, true)
	}
	l.tried = append(l.tried, tried)
	if !l.breaksSeal(image, s.number*sectorSize) {
		l.t.Errorf("sector %d, %s %s: the seal holds", s.number, s.kind, s.path)
	}
	must := s.harmful && s.kind != "file without a digest" && s.kind != "boot loader"
	if must && len(tried.found) == 0 {
		l.t.Errorf("sector %d, %s %s: nothing is found", s.number, s.kind, s.path)
	}
	if s.path != "" && len(found) > 0 && !attributed(s, damage) {
		l.t.Errorf("sector %d, %s %s: is not put down to it: %+v", s.number, s.kind, s.path, damage)
	}
}

// attributed reports whether the file that has a sector is named with it, and with its package where it is known to have one.
func attributed(s sector, damage []intact.Damage) bool {
	at := s.number * sectorSize
	for _, d := range damage {
		here := slices.ContainsFunc(d.Extents, func(e intact.Extent) bool { return e.Offset <= at && at < e.Offset+e.Length })
		named := slices.ContainsFunc(d.Files, func(f intact.File) bool {
			return slices.Contains(s.names, f.Path) && (f.Package != "" || s.kind != "file with a digest")
		})
		if named && (here || s.kind == "initrd") { // which part of one its checksums do not tell
			return true
		}
	}
	return false
}

// breaksSeal holds the chunk of the image that has the byte at off against the seal of the disk.
func (l *sectors) breaksSeal(image string, off int64) bool {
	l.t.Helper()
	m, err := engine.Open(l.t.Context(), []string{image}, engine.Options{AllowDirs: []string{filepath.Dir(l.name)}})
	if err != nil {
		l.t.Fatal(err)
	}
	defer m.Close()
	state := cycle.Begin("test", l.manifest.Size)
	state.Next = off / l.manifest.ChunkSize * l.manifest.ChunkSize
	r, err := seal.CheckMachine(l.t.Context(), m, l.manifest, seal.CheckOptions{Budget: cycle.Budget{Bytes: 1}, Cycle: state, Workers: 1})
	if err != nil {
		l.t.Fatal(err)
	}
	return slices.ContainsFunc(r.Damaged, func(d seal.Damage) bool { return d.Offset <= off && off < d.Offset+d.Length })
}

// judge holds what was found against what was to be found.
func (l *sectors) judge(all bool) {
	harmful, found, full := 0, 0, 0
	for _, s := range l.tried {
		if s.harmful {
			harmful++
			found += min(1, len(s.found))
			full += min(1, len(s.found)+len(s.full))
		}
	}
	l.t.Logf("%d of %d overwrites are harmful; %d of these are found, %d with --full, all with a seal\n%s", harmful, len(l.tried), found, full, l.summary())
	if !all {
		return
	}
	if found*100 < harmful*wantPercent {
		l.t.Errorf("%d of %d harmful overwrites are found, want %d %%", found, harmful, wantPercent)
	}
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(sectorTable, []byte(l.table()), 0o644); err != nil {
			l.t.Fatal(err)
		}
	}
}

// summary counts by what lies in the sectors, and by the checks that found something.
func (l *sectors) summary() string {
	type counts struct{ n, harmful, found, full int }
	kinds, checks := map[string]counts{}, map[string]int{}
	for _, s := range l.tried {
		c := kinds[s.kind]
		c.n++
		if s.harmful {
			c.harmful++
			c.found += min(1, len(s.found))
			c.full += min(1, len(s.found)+len(s.full))
		}
		kinds[s.kind] = c
		for _, id := range s.found {
			checks[id]++
		}
	}
	var b strings.Builder
	for _, kind := range slices.Sorted(maps.Keys(kinds)) {
		c := kinds[kind]
		fmt.Fprintf(&b, "# %s\t%d\t%d harmful\t%d found\t%d with --full\n", kind, c.n, c.harmful, c.found, c.full)
	}
	for _, id := range slices.Sorted(maps.Keys(checks)) {
		fmt.Fprintf(&b, "# by %s\t%d\n", id, checks[id])
	}
	return b.String()
}

// table is the record of the experiment.
func (l *sectors) table() string {
	var b strings.Builder
	b.WriteString("# GUESTCTL_SECTORS=all UPDATE=1 go test ./audit -run TestRandomOverwritesAreFound wrote this of debian12.raw.\n")
	b.WriteString(l.summary())
	b.WriteString("sector\tharmful\tkind\tpath\tfound\tfull\n")
	for _, s := range l.tried {
		fmt.Fprintf(&b, "%d\t%t\t%s\t%s\t%s\t%s\n", s.number, s.harmful, s.kind, s.path, strings.Join(s.found, ","), strings.Join(s.full, ","))
	}
	return b.String()
}
