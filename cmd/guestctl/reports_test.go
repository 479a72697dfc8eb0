package main

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/guestctl/guestctl/audit"
	"github.com/guestctl/guestctl/report"
)

// TestReportsAreWrittenAllOrNone makes the last of three reports impossible after the others were complete.
func TestReportsAreWrittenAllOrNone(t *testing.T) {
	dir := t.TempDir()
	old := filepath.Join(dir, "old.json")
	if err := os.WriteFile(old, []byte("before"), 0o600); err != nil {
		t.Fatal(err)
	}
	write := func(spoil func()) error {
		files, err := openReports([]string{"json=" + old, "csv=" + filepath.Join(dir, "new.csv"), "md=" + filepath.Join(dir, "last.md")})
		if err != nil {
			t.Fatal(err)
		}
		defer files.discard()
		spoil()
		var out bytes.Buffer
		format, err := report.Find("text")
		if err != nil {
			t.Fatal(err)
		}
		err = writeReports(&out, format, files, &audit.Result{})
		if err != nil && out.Len() > 0 {
			t.Errorf("stdout has %q after an error", out.String())
		}
		return err
	}
	list := func() []string {
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, e := range entries {
			names = append(names, e.Name())
		}
		return names
	}

	err := write(func() {
		if err := os.Mkdir(filepath.Join(dir, "last.md"), 0o700); err != nil {
			t.Fatal(err)
		}
	})
	if err == nil || !strings.Contains(err.Error(), "last.md") || !strings.Contains(err.Error(), "no report was written") {
		t.Errorf("got %v", err)
	}
	if diff := cmp.Diff([]string{"last.md", "old.json"}, list()); diff != "" {
		t.Error(diff)
	}
	if b, err := os.ReadFile(old); err != nil || string(b) != "before" {
		t.Errorf("the file that was there before has %q, %v", b, err)
	}

	if err := os.Remove(filepath.Join(dir, "last.md")); err != nil {
		t.Fatal(err)
	}
	if err := write(func() {}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"last.md", "new.csv", "old.json"}, list()); diff != "" {
		t.Error(diff)
	}
	if b, err := os.ReadFile(old); err != nil || !bytes.HasPrefix(b, []byte("{")) {
		t.Errorf("the report has %q, %v", b, err)
	}
}

// TestAReportThatCannotBeWrittenPublishesNone closes a file under the writer's hands.
func TestAReportThatCannotBeWrittenPublishesNone(t *testing.T) {
	dir := t.TempDir()
	files, err := openReports([]string{"json=" + filepath.Join(dir, "a"), "csv=" + filepath.Join(dir, "b")})
	if err != nil {
		t.Fatal(err)
	}
	if err := files[1].temp.Close(); err != nil {
		t.Fatal(err)
	}
	format, err := report.Find("text")
	if err != nil {
		t.Fatal(err)
	}
	if err := writeReports(&bytes.Buffer{}, format, files, &audit.Result{}); err == nil {
		t.Error("a closed file was written")
	}
	files.discard()
	if entries, err := os.ReadDir(dir); err != nil || len(entries) > 0 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
}

// TestSARIFOfAnImageFitsTheSchema validates a real run, with rules of frameworks, an image that cannot be judged, and every
// check.
func TestSARIFOfAnImageFitsTheSchema(t *testing.T) {
	b, err := os.ReadFile("../../report/testdata/sarif-schema-2.1.0.json")
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("sarif.json", parse(t, b)); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("sarif.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, format := range []string{"sarif", "sarif-all"} {
		out := printed(t, "check-compliance", "--baseline", "../../testdata/baseline.toml", "--framework", "cis_debian12", "--format", format, smallImage, "missing.qcow2")
		if err := schema.Validate(parse(t, out)); err != nil {
			t.Errorf("%s: %v", format, err)
		}
		again := printed(t, "check-compliance", "--baseline", "../../testdata/baseline.toml", "--framework", "cis_debian12", "--format", format, smallImage, "missing.qcow2")
		if !slices.Equal(out, again) {
			t.Errorf("%s: two runs differ", format)
		}
	}
}
