package audit_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/guestctl/guestctl/audit"
	"github.com/guestctl/guestctl/finding"
	"github.com/guestctl/guestctl/policy"
)

// difference is a verdict that is not what was recorded, and why that is right.
type difference struct{ guest, id, here, reason string }

func justified() []difference {
	const (
		unread = "fstab mounts a volume that is on none of the disks; the tools saw the tree that the disk was made of, where its files are"
		empty  = "passwd(5): an empty shell is /bin/sh, which is in the guest's /etc/shells"
	)
	return []difference{
		{"hardened", "files-world-writable", "unknown", unread},
		{"hardened", "files-unowned", "unknown", unread},
		{"hardened", "files-privileged-files-packaged", "unknown", unread},
		{"hardened", "logs-log-permissions", "unknown", unread},
		{"hardened", "users-dot-files", "unknown", unread},
		{"hardened", "users-home-directories", "unknown", unread},
		{"broken", "users-invalid-shell-locked", "pass", empty},
		{"broken", "users-password-change-past", "pass", "the account has no password to change: its field is *NP*"},
	}
}

// TestVerdictsAreWhatTheToolsImply judges the real Debian 12 and its two variants by the built-in checks, and holds every verdict
// against what was recorded of the guests' own tools: see testdata/record-verdicts.sh.
func TestVerdictsAreWhatTheToolsImply(t *testing.T) {
	p, err := policy.Load([]string{"builtin:linux-server"}, policy.Options{})
	if err != nil {
		t.Fatal(err)
	}
	differences := justified()
	used := make([]bool, len(differences))
	for _, guest := range []string{"debian12", "hardened", "broken"} {
		t.Run(guest, func(t *testing.T) {
			got := verdicts(t, p, guest)
			want := recorded(t, guest)
			if len(want) != len(got) {
				t.Errorf("%d checks, %d recorded verdicts", len(got), len(want))
			}
			for id, w := range want {
				if here := string(got[id].Status); here != w.verdict && !isJustified(differences, used, difference{guest: guest, id: id, here: here}) {
					t.Errorf("%s: %s (%s), want %s: %s", id, here, got[id].Message, w.verdict, w.evidence)
				}
			}
		})
	}
	for i, d := range differences {
		if !used[i] && !t.Failed() && os.Getenv("GUESTCTL_IMAGES") == "required" {
			t.Errorf("%s: %s is no difference any more", d.guest, d.id)
		}
	}
}

func isJustified(list []difference, used []bool, is difference) bool {
	for i, d := range list {
		if d.guest == is.guest && d.id == is.id && d.here == is.here {
			used[i] = true
			return true
		}
	}
	return false
}

// verdicts judges one of the disks that make images builds.
func verdicts(t *testing.T, p *policy.Policy, guest string) map[string]finding.Finding {
	t.Helper()
	image := filepath.Join("../build/images", "debian12-"+guest+".qcow2")
	if guest == "debian12" {
		image = "../build/images/debian12.raw"
	}
	if _, err := os.Stat(image); errors.Is(err, fs.ErrNotExist) {
		if os.Getenv("GUESTCTL_IMAGES") == "required" {
			t.Fatal(err)
		}
		t.Skipf("%v: build it with make images", err)
	}
	// The accounts of the variants have ages that were recorded against this day.
	now := time.Date(2026, 11, 28, 0, 0, 0, 0, time.UTC)
	r, err := audit.Run(t.Context(), audit.Job{Images: []string{image}, Policy: p, FailOn: audit.Any, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]finding.Finding{}
	for _, c := range r.Targets[0].Checks {
		all[c.ID] = c
	}
	return all
}

type recordedVerdict struct{ verdict, evidence string }

func recorded(t *testing.T, guest string) map[string]recordedVerdict {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("../testdata/verdicts", guest+".tsv"))
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]recordedVerdict{}
	for i, line := range strings.Split(strings.TrimSpace(string(b)), "\n") {
		if f := strings.SplitN(line, "\t", 4); i > 0 && len(f) == 4 {
			all[f[1]] = recordedVerdict{f[2], f[3]}
		}
	}
	return all
}
