package audit

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/guestctl/guestctl/finding"
	"github.com/guestctl/guestctl/policy"
)

// TestAnImageThatIsWrittenToMeanwhileIsUnknown writes to the image as soon as the verification reads from it.
func TestAnImageThatIsWrittenToMeanwhileIsUnknown(t *testing.T) {
	whole, err := os.ReadFile(backedUp)
	if err != nil {
		t.Fatal(err)
	}
	append1 := func(f *os.File) error { _, err := f.WriteAt([]byte{0}, int64(len(whole))); return err }
	same := func(f *os.File) error { _, err := f.WriteAt(whole[:1], 0); return err }
	for _, c := range []struct {
		name  string
		write func(*os.File) error
		boot  *Boot
		text  string
	}{
		{"nothing", nil, &Boot{}, ""},
		{"grows", append1, &Boot{}, "bytes"},
		{"is written to in place", same, nil, "written at"},
	} {
		t.Run(c.name, func(t *testing.T) {
			name := filepath.Join(t.TempDir(), "disk.qcow2")
			if err := os.WriteFile(name, whole, 0o600); err != nil {
				t.Fatal(err)
			}
			long := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
			if err := os.Chtimes(name, long, long); err != nil {
				t.Fatal(err)
			}
			var once sync.Once
			r, err := Run(t.Context(), Job{
				Images: []string{name}, Policy: &policy.Policy{}, FailOn: Any, Now: time.Now(),
				Backup: &Backup{Full: true, Boot: c.boot, Progress: func(int64) {
					once.Do(func() {
						if c.write != nil {
							rewrite(t, name, c.write)
						}
					})
				}},
			})
			if err != nil {
				t.Fatal(err)
			}
			told := false
			for _, f := range r.Targets[0].Checks {
				told = told || f.ID == Unchanged && f.Status == finding.Unknown && strings.Contains(f.Message, c.text)
				if c.write != nil && strings.HasPrefix(f.ID, "backup.") && (f.Status == finding.Pass || f.Status == finding.Fail) {
					t.Errorf("%s is %s", f.ID, f.Status)
				}
			}
			if told != (c.write != nil) || (r.Targets[0].Backup.Changing != "") != told {
				t.Errorf("told %t, %q; %+v", told, r.Targets[0].Backup.Changing, r.Targets[0].Checks)
			}
			if want := map[bool]finding.Status{true: finding.Unknown, false: finding.Fail}[told]; r.Targets[0].Result != want {
				t.Errorf("the result is %s, want %s", r.Targets[0].Result, want)
			}
			for _, l := range r.Targets[0].Backup.Layers {
				if told && (l.Status == finding.Pass || l.Status == finding.Fail) {
					t.Errorf("layer %s is %s", l.ID, l.Status)
				}
			}
		})
	}
}

func rewrite(t *testing.T, name string, write func(*os.File) error) {
	t.Helper()
	f, err := os.OpenFile(name, os.O_WRONLY, 0)
	if err == nil {
		err = write(f)
	}
	if err == nil {
		err = f.Close()
	}
	if err != nil {
		t.Error(err)
	}
}
