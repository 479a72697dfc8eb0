package audit_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/guestctl/guestctl/audit"
	"github.com/guestctl/guestctl/engine"
	"github.com/guestctl/guestctl/finding"
	"github.com/guestctl/guestctl/policy"
)

const (
	goldenDisk  = "../build/images/debian12.qcow2"
	rawDisk     = "../build/images/debian12.raw"
	driftedDisk = "../build/images/debian12-drifted.qcow2"
)

// drifted compares two of the disks that make images builds.
func drifted(t testing.TB, before, after string) *audit.Target {
	t.Helper()
	for _, name := range []string{before, after} {
		if _, err := os.Stat(name); err != nil {
			if os.Getenv("GUESTCTL_IMAGES") == "required" {
				t.Fatal(err)
			}
			t.Skipf("%v: build it with make images", err)
		}
	}
	r, err := audit.Run(t.Context(), audit.Job{
		Images: []string{after}, Engine: engine.Options{AllowDirs: []string{filepath.Dir(goldenDisk)}}, Policy: &policy.Policy{},
		Drift: &audit.Drift{From: before}, FailOn: audit.Any, Now: time.Date(2026, 12, 31, 0, 0, 0, 0, time.UTC),
	})
	if err != nil {
		t.Fatal(err)
	}
	return &r.Targets[0]
}

// TestDriftOfADebian: after the installation of a package, a new user, a change of sshd and a program that somebody left, the files of the
// package are explained, and the other three are told with where they are from. build-drifted.sh made the changes.
func TestDriftOfADebian(t *testing.T) {
	tg := drifted(t, goldenDisk, driftedDisk)
	got := map[string]string{}
	for _, f := range tg.Checks {
		where := ""
		for _, l := range f.Where {
			where = strings.TrimSpace(l.Path + " " + l.Text)
		}
		got[string(f.Status)+" "+f.ID] = where
	}
	want := map[string]string{
		"fail drift":                                    "",
		"fail drift.files:/etc/ssh/sshd_config":         "/etc/ssh/sshd_config",
		"fail drift.files:/usr/local/bin/node-exporter": "/usr/local/bin/node-exporter",
		"fail drift.sshd/permitrootlogin":               "/etc/ssh/sshd_config PermitRootLogin yes",
		"fail drift.users/eve":                          "/etc/passwd",
		"pass drift.packages":                           "",
		"pass drift.ransomware":                         "",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
	i := slices.IndexFunc(tg.Checks, func(f finding.Finding) bool { return strings.HasSuffix(f.ID, "node-exporter") })
	if f := tg.Checks[max(i, 0)]; f.Severity != finding.High || !strings.Contains(f.Message, "of no package") ||
		!strings.Contains(f.Where[0].Note, "mode 0755, owner 0:0, 40 bytes, modified 2025-12-01T00:00:00Z") {
		t.Errorf("%+v", f)
	}
	form := regexp.MustCompile(`^\d+ files changed: \d+ explained by rsync \S+ added, .*, 2 unexplained · facts: 10 changes, 8 explained, 2 unexplained$`)
	if !form.MatchString(tg.Drift.Summary) {
		t.Errorf("summary %q", tg.Drift.Summary)
	}
	if f := tg.Drift.Files; f.Compared < 20_000 || f.Classes["package"] < 20 || f.Unexplained != 2 || len(tg.Drift.Unread) > 0 {
		t.Errorf("%+v, unread %v", f, tg.Drift.Unread)
	}
	// the package is all that explains files of packages
	for _, b := range tg.Drift.Files.By {
		if strings.Contains(b.What, "→") {
			t.Errorf("explained by %s", b.What)
		}
	}
}

// TestNoDriftWhereNothingChanged: a disk against itself, of which nothing has to be read, and against its copy in another container.
func TestNoDriftWhereNothingChanged(t *testing.T) {
	for name, c := range map[string]struct {
		after string
		read  bool
	}{"itself": {goldenDisk, false}, "its copy as a raw disk": {rawDisk, true}} {
		tg := drifted(t, goldenDisk, c.after)
		if len(tg.Checks) != 2 || slices.ContainsFunc(tg.Checks, func(f finding.Finding) bool { return f.Status != finding.Pass }) || tg.Drift.Summary != "files: no change · facts: no change" {
			t.Errorf("%s: %+v", name, tg.Checks)
		}
		if f := tg.Drift.Files; f.Changed > 0 || f.Read > 0 != c.read || f.Compared < 20_000 {
			t.Errorf("%s: %+v", name, f)
		}
	}
}

// BenchmarkDrift compares a disk with itself: no content is read.
func BenchmarkDrift(b *testing.B) {
	for b.Loop() {
		drifted(b, goldenDisk, goldenDisk)
	}
}
