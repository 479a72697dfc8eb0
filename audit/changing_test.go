package audit_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/guestctl/guestctl/audit"
	"github.com/guestctl/guestctl/backup/seal"
	"github.com/guestctl/guestctl/engine"
	"github.com/guestctl/guestctl/finding"
	"github.com/guestctl/guestctl/policy"
)

// TestAnImageThatIsWrittenToMeanwhileIsUnknown writes to an image while it is verified, compared, or held against something, and wants
// that to be said: neither a pass nor a failure of the whole.
func TestAnImageThatIsWrittenToMeanwhileIsUnknown(t *testing.T) {
	whole, err := os.ReadFile(debian)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name    string
		written string // which of the images
		id      string
		job     func(image, other string, write func(int64)) audit.Job
	}{
		{"verified", "image", audit.Unchanged, func(_, _ string, write func(int64)) audit.Job {
			return audit.Job{Backup: &audit.Backup{Progress: write}}
		}},
		{"read whole", "image", audit.Unchanged, func(_, _ string, write func(int64)) audit.Job {
			return audit.Job{Backup: &audit.Backup{Full: true, Started: write}}
		}},
		{"booted", "image", audit.Unchanged, func(_, _ string, write func(int64)) audit.Job {
			return audit.Job{Backup: &audit.Backup{Boot: &audit.Boot{}, Started: write}}
		}},
		{"held against a state", "image", audit.Unchanged, func(_, other string, write func(int64)) audit.Job {
			return audit.Job{Drift: &audit.Drift{From: other, Started: write}}
		}},
		{"the state it is held against", "other", audit.Unchanged, func(_, other string, write func(int64)) audit.Job {
			return audit.Job{Drift: &audit.Drift{From: other, Started: write}}
		}},
		{"compared", "image", "backup.compare", func(_, other string, write func(int64)) audit.Job {
			return audit.Job{Against: &audit.Against{Source: other, Progress: write}}
		}},
		{"the source it is compared with", "other", "backup.compare", func(_, other string, write func(int64)) audit.Job {
			return audit.Job{Against: &audit.Against{Source: other, Progress: write}}
		}},
		{"held against its seal", "image", seal.CheckID, func(image, _ string, write func(int64)) audit.Job {
			return audit.Job{Against: &audit.Against{Seal: sealed(t, image), Progress: write}}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			images := map[string]string{}
			for _, name := range []string{"image", "other"} {
				path := filepath.Join(t.TempDir(), "disk.qcow2")
				if err := os.WriteFile(path, whole, 0o600); err != nil {
					t.Fatal(err)
				}
				if err := os.Chtimes(path, time.Time{}, time.Unix(1_700_000_000, 0)); err != nil {
					t.Fatal(err)
				}
				images[name] = path
			}
			var once sync.Once
			job := c.job(images["image"], images["other"], func(int64) {
				once.Do(func() {
					if err := os.WriteFile(images[c.written], append(whole, 0), 0o600); err != nil {
						t.Error(err)
					}
				})
			})
			job.Images, job.FailOn, job.Now = []string{images["image"]}, audit.Any, time.Unix(1_800_000_000, 0)
			if job.Policy == nil {
				job.Policy = &policy.Policy{}
			}
			r, err := audit.Run(t.Context(), job)
			if err != nil {
				t.Fatal(err)
			}
			said := false
			for _, f := range r.Targets[0].Checks {
				if f.ID == c.id {
					said = f.Status == finding.Unknown && strings.Contains(f.Message, "changed while it was read") && strings.Contains(f.Message, "not hold")
				}
				if f.Status == finding.Fail {
					t.Errorf("%s fails: %s", f.ID, f.Message)
				}
			}
			if !said || r.Verdict() != audit.NotJudged {
				t.Errorf("verdict %v, said %t: %+v", r.Verdict(), said, r.Targets[0].Checks)
			}
		})
	}
}

func sealed(t *testing.T, image string) *seal.Manifest {
	t.Helper()
	m, err := engine.Open(t.Context(), []string{image}, engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	s, err := seal.Machine(t.Context(), m, &bytes.Buffer{}, seal.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}
