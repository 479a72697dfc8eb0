package evidence

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/guestctl/guestctl/audit"
	"github.com/guestctl/guestctl/policy"
)

const debian = "../testdata/images/debian12-small.qcow2"

var day = time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)

// judged is the result of a real image.
func judged(t testing.TB, images ...string) *audit.Result {
	t.Helper()
	p, err := policy.Load([]string{"testdata/baseline.toml"}, policy.Options{Now: day})
	if err != nil {
		t.Fatal(err)
	}
	r, err := audit.Run(t.Context(), audit.Job{
		Images: images, Policy: p, FailOn: "high", Now: day, Tool: "1.2.3", Digests: &audit.Digests{},
	})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func stated(t testing.TB, r *audit.Result) *Statement {
	t.Helper()
	s, err := New(r, Run{Command: "check-compliance", Options: map[string][]string{"fail-on": {"high"}, "baseline": {"testdata/baseline.toml"}}, Time: day})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestTheSameResultGivesTheSameBytes holds the statement against payload.json, which testdata/record.sh signs. UPDATE=1 writes it again.
func TestTheSameResultGivesTheSameBytes(t *testing.T) {
	got, err := stated(t, judged(t, debian)).Bytes()
	if err != nil {
		t.Fatal(err)
	}
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile("testdata/payload.json", got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want := fixture(t, "payload.json")
	if diff := cmp.Diff(indented(t, want), indented(t, got)); diff != "" || !bytes.Equal(got, want) {
		t.Errorf("testdata/payload.json (-) and the statement differ; UPDATE=1, then testdata/record.sh:\n%s", diff)
	}
}

func TestGuestsOfOneImageShareItsFile(t *testing.T) {
	s := stated(t, judged(t, debian, debian))
	if len(s.Subject) != 1 || len(s.Predicate.Targets) != 2 {
		t.Errorf("%d subjects of %d targets, want 1 of 2", len(s.Subject), len(s.Predicate.Targets))
	}
}

func TestWithoutADigestThereIsNothingToState(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "missing.qcow2")
	if _, err := New(judged(t, missing), Run{}); !errors.Is(err, ErrNoSubject) {
		t.Errorf("got %v, want that there is no subject", err)
	}
	s := stated(t, judged(t, missing, debian))
	if got := s.Predicate.Targets[0]; got.Error == "" || got.Image != "missing.qcow2" || len(got.Files) != 0 || s.Predicate.Result != "fail" {
		t.Errorf("target %+v, want an error and no files; result %s", got, s.Predicate.Result)
	}
}

func TestNamesThatAreNotUTF8StayApart(t *testing.T) {
	if a, b := text("bin/\xff"), text("bin/\xfe"); a == b || a != `bin/\xff` {
		t.Errorf("%q and %q", a, b)
	}
}

func fixture(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func indented(t *testing.T, b []byte) string {
	t.Helper()
	var out bytes.Buffer
	if err := json.Indent(&out, b, "", " "); err != nil {
		t.Fatal(err)
	}
	return out.String()
}
