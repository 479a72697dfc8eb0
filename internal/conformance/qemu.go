package conformance

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// WriteFile writes a file of that name into a directory of the test.
func WriteFile(tb testing.TB, name string, b []byte) (path string) {
	tb.Helper()
	path = filepath.Join(tb.TempDir(), name)
	if err := os.WriteFile(path, b, 0o600); err != nil {
		tb.Fatal(err)
	}
	return path
}

// QEMUCorruptions is how many corruptions qemu-img check finds in an image, or -1 where it does not open it. Without QEMU the test ends
// there.
func QEMUCorruptions(t *testing.T, format string, b []byte) int {
	t.Helper()
	qemu, err := exec.LookPath("qemu-img")
	if err != nil {
		t.Skip("qemu-img is not installed")
	}
	//nolint:gosec // of a file that the test wrote
	out, err := exec.CommandContext(t.Context(), qemu, "check", "-f", format, "--output", "json", WriteFile(t, "disk", b)).Output()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) && len(out) == 0 {
		return -1
	}
	var found struct{ Corruptions int }
	if err := json.Unmarshal(out, &found); err != nil {
		t.Fatalf("%v of %q", err, out)
	}
	return found.Corruptions
}
