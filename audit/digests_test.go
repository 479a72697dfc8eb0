package audit_test

import (
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/guestctl/guestctl/audit"
	"github.com/guestctl/guestctl/engine"
	"github.com/guestctl/guestctl/finding"
	"github.com/guestctl/guestctl/policy"
)

// chain lays an overlay and its backing file into a folder and returns their paths.
func chain(t *testing.T) (overlay, base string) {
	t.Helper()
	dir := t.TempDir()
	f, err := os.Open("../testdata/images/overlay.qcow2.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	overlay, base = filepath.Join(dir, "overlay.qcow2"), filepath.Join(dir, "debian12-small.qcow2")
	d, err := os.ReadFile(debian)
	if err != nil {
		t.Fatal(err)
	}
	for path, b := range map[string][]byte{overlay: b, base: d} {
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return overlay, base
}

// onDisk is what the file is by its bytes.
func onDisk(t *testing.T, path string) audit.HostFile {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(b)
	return audit.HostFile{Name: filepath.Base(path), Size: int64(len(b)), SHA256: hex.EncodeToString(sum[:])}
}

func TestDigestsAreThoseOfEveryFileOfTheImage(t *testing.T) {
	overlay, base := chain(t)
	want := []audit.HostFile{onDisk(t, overlay), onDisk(t, base)}
	var started atomic.Int64
	done := int64(0)
	r, err := audit.Run(t.Context(), audit.Job{
		Images: []string{overlay}, Policy: load(t, passing), Drift: &audit.Drift{From: base},
		Digests: &audit.Digests{Started: func(n int64) { started.Add(n) }, Progress: func(int64) {}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(r.Targets[0].Files, want); diff != "" || r.Targets[0].Result != finding.Pass {
		t.Errorf("%s\nresult %s", diff, r.Targets[0].Result)
	}
	var drift []audit.Input
	for _, in := range r.Inputs() {
		if in.Kind == "drift-from" {
			drift = append(drift, in)
		}
	}
	if diff := cmp.Diff(drift, []audit.Input{{Kind: "drift-from", Name: want[1].Name, SHA256: want[1].SHA256}}); diff != "" {
		t.Error(diff)
	}
	if wanted := want[0].Size + 2*want[1].Size; started.Load() != wanted {
		t.Errorf("%d bytes were announced, want %d", started.Load(), wanted)
	}
	files, err := audit.FilesOf(t.Context(), []string{overlay}, engine.Options{}, audit.Digests{Progress: func(n int64) { done += n }})
	if diff := cmp.Diff(files, want); diff != "" || err != nil || done != want[0].Size+want[1].Size {
		t.Errorf("%s, %v, %d bytes", diff, err, done)
	}
}

func TestAnImageThatChangesWhileItIsJudgedHasNoDigest(t *testing.T) {
	overlay, base := chain(t)
	r, err := audit.Run(t.Context(), audit.Job{
		Images: []string{overlay}, Policy: load(t, passing),
		Digests: &audit.Digests{Started: func(int64) {
			if err := os.Truncate(base, onDisk(t, base).Size+1); err != nil {
				t.Error(err)
			}
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	target := r.Targets[0]
	if target.Files != nil || target.Result != finding.Unknown || r.Verdict() != audit.NotJudged {
		t.Errorf("files %v, result %s, verdict %d; want none, unknown, not judged", target.Files, target.Result, r.Verdict())
	}
	if len(target.Checks) != 2 || target.Checks[0].ID != audit.DigestCheck {
		t.Errorf("checks %v, want one on the digest", target.Checks)
	}
}

func TestStoredFactsAndMissingImagesHaveNoDigest(t *testing.T) {
	dir := t.TempDir()
	stored, broken := filepath.Join(dir, "web.facts"), filepath.Join(dir, "broken.qcow2")
	if err := os.WriteFile(stored, []byte(`{"schema": "guestctl.facts/1", "meta": {}, "collectors": {}}`+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(broken, []byte("QFI\xfb"), 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := audit.Run(t.Context(), audit.Job{
		Images: []string{stored, broken, filepath.Join(dir, "missing")}, Policy: &policy.Policy{}, Digests: &audit.Digests{},
	})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range [][]audit.HostFile{nil, {onDisk(t, broken)}, nil} {
		if diff := cmp.Diff(r.Targets[i].Files, want); diff != "" || r.Targets[i].Result != finding.Unknown {
			t.Errorf("%s: %s, result %s", r.Targets[i].Image, diff, r.Targets[i].Result)
		}
	}
}
