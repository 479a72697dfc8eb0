package frameworks

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"
)

func load(t *testing.T, key string) *Framework {
	t.Helper()
	f, err := Load(key)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// TestFiles holds every file against what a framework's numbers look like, and against how many there are in what
// numbers.sh printed.
func TestFiles(t *testing.T) {
	want := map[string]struct {
		number   string
		controls int
		complete bool
	}{
		"anssi_bp28":      {`R[1-9]\d?`, 80, true},
		"cis_debian12":    {`[1-7](\.\d+){2,4}`, 312, true},
		"cis_rhel9":       {`[1-7](\.\d+){2,4}`, 298, true},
		"cis_ubuntu2204":  {`[1-7](\.\d+){2,4}`, 300, true},
		"nist_800_53":     {`[A-Z]{2}-\d+(\(\d+\))?(\([a-z]\))?(\.\d\([ivx]+\)|\.\d)?`, 159, false},
		"pci_dss_4":       {`\d+(\.\d+){1,3}`, 61, false},
		"stig_rhel9":      {`RHEL-09-\d{6}`, 447, true},
		"stig_ubuntu2204": {`UBTU-22-\d{6}`, 188, false},
		"stig_ubuntu2404": {`UBTU-24-\d{6}`, 194, false},
	}
	for _, key := range Keys() {
		w, ok := want[key]
		f := load(t, key)
		if !ok || f.Name == "" || f.Version == "" || f.Complete != w.complete || len(f.Controls) != w.controls {
			t.Errorf("%s: %q %q, complete %v, %d controls; want %+v", key, f.Name, f.Version, f.Complete, len(f.Controls), w)
		}
		if !f.Complete && f.Note == "" {
			t.Errorf("%s is not complete and does not say what it has", key)
		}
		number := regexp.MustCompile("^(" + w.number + ")$")
		for _, c := range f.Controls {
			if !number.MatchString(c.ID) || c.ID != Number(c.ID) {
				t.Errorf("%s: control %q", key, c.ID)
			}
			if !slices.IsSorted(c.Checks) || len(slices.Compact(slices.Clone(c.Checks))) != len(c.Checks) {
				t.Errorf("%s: %s has checks %v, want each once, in their order", key, c.ID, c.Checks)
			}
		}
		delete(want, key)
	}
	for key := range want {
		t.Errorf("%s has no file", key)
	}
}

// TestCISNumbersHaveNoGaps finds a number that was left out: the benchmarks count without gaps in each section.
func TestCISNumbersHaveNoGaps(t *testing.T) {
	for _, key := range []string{"cis_debian12", "cis_rhel9", "cis_ubuntu2204"} {
		sections := map[string]int{}
		all := map[string]bool{}
		for _, c := range load(t, key).Controls {
			all[c.ID] = true
			for id := c.ID; strings.Contains(id, "."); id = id[:strings.LastIndex(id, ".")] {
				dot := strings.LastIndex(id, ".")
				var n int
				if _, err := fmt.Sscan(id[dot+1:], &n); err != nil {
					t.Fatal(err)
				}
				all[id] = true
				sections[id[:dot]] = max(sections[id[:dot]], n)
			}
		}
		for section, last := range sections {
			for n := 1; n <= last; n++ {
				if id := fmt.Sprintf("%s.%d", section, n); !all[id] {
					t.Errorf("%s has no %s, and has %s.%d", key, id, section, last)
				}
			}
		}
	}
}

func TestControlsKeepTheOrderOfTheFile(t *testing.T) {
	var got []string
	for _, c := range load(t, "cis_debian12").Controls[7:11] {
		got = append(got, c.ID)
	}
	if diff := cmp.Diff([]string{"1.1.1.8", "1.1.1.9", "1.1.1.10", "1.1.2.1.1"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestResolve(t *testing.T) {
	for name, want := range map[string]struct {
		key   string
		exact bool
	}{
		"cis_debian12":      {"cis_debian12", true},
		"CIS-RHEL9-2.0.0":   {"cis_rhel9", true},
		"CIS RHEL9 v2.0.0":  {"cis_rhel9", true},
		"CIS-RHEL9-1.0.0":   {"cis_rhel9", false},
		"NIST-800-53":       {"nist_800_53", true},
		"NIST-800-53r4":     {"nist_800_53", true},
		"NIST-800-53r5":     {"nist_800_53", false},
		"STIG-Ubuntu2404":   {"stig_ubuntu2404", true},
		"stig_rhel9 V2R9":   {"stig_rhel9", true},
		"PCI-DSS-4":         {"pci_dss_4", true},
		"ACME-7":            {"", false},
		"":                  {"", false},
		"../cis_debian12":   {"cis_debian12", true},
		"cis_debian\u202e2": {"", false},
	} {
		if key, exact := Resolve(name); key != want.key || exact != want.exact {
			t.Errorf("%q is %q, exact %v; want %q, %v", name, key, exact, want.key, want.exact)
		}
	}
}

func TestUnknownFrameworksAreErrors(t *testing.T) {
	for name, text := range map[string]string{
		"not TOML":      `name = `,
		"unknown key":   "title = \"x\"\n",
		"unknown table": "[control]\n\"1\" = []\n",
		"not a list":    "[controls]\n\"1\" = \"check\"\n",
		"twice":         "[controls]\n\"1\" = []\n\"1\" = []\n",
	} {
		if f, err := parse("x", text); err == nil {
			t.Errorf("%s: %+v", name, f)
		}
	}
	if _, err := Load("cis_debian13"); err == nil || !strings.Contains(err.Error(), "want one of anssi_bp28, cis_debian12") {
		t.Errorf("got %v", err)
	}
}

// TestFilesAgreeWithTheChecks compares both directions: what a check says of its controls stands in the files, and what the
// files say of a check is said by it.
func TestFilesAgreeWithTheChecks(t *testing.T) {
	checks := annotated(t, "../rego")
	said := map[string]map[string][]string{} // key, control, ids
	for id, controls := range checks {
		for key, numbers := range controls {
			for _, n := range numbers {
				if said[key] == nil {
					said[key] = map[string][]string{}
				}
				said[key][Number(n)] = append(said[key][Number(n)], id)
			}
		}
	}
	for _, key := range Keys() {
		for _, c := range load(t, key).Controls {
			var want []string // a check that is not written yet cannot say anything
			for _, id := range c.Checks {
				if _, ok := checks[id]; ok {
					want = append(want, id)
				}
			}
			got := said[key][c.ID]
			slices.Sort(got)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s %s (-file +checks)\n%s", key, c.ID, diff)
			}
			delete(said[key], c.ID)
		}
		for number, ids := range said[key] {
			t.Errorf("%s: %v name %s, which is not in the file", key, ids, number)
		}
	}
}

// annotated reads the ids and controls of the checks below dir.
func annotated(t *testing.T, dir string) map[string]map[string][]string {
	t.Helper()
	checks := map[string]map[string][]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if os.IsNotExist(err) && path == dir {
			return nil
		}
		if err != nil || d.IsDir() || filepath.Ext(path) != ".rego" {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		var meta struct {
			Custom struct {
				ID       string
				Controls map[string][]string
			}
		}
		if err := yaml.Unmarshal([]byte(metadata(string(b))), &meta); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		if meta.Custom.ID != "" {
			checks[meta.Custom.ID] = meta.Custom.Controls
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return checks
}

// metadata is the YAML of the first annotation of a Rego file.
func metadata(text string) string {
	_, rest, _ := strings.Cut("\n"+text, "\n# METADATA\n")
	var b strings.Builder
	for line := range strings.SplitSeq(rest, "\n") {
		comment, ok := strings.CutPrefix(line, "#")
		if !ok {
			break
		}
		b.WriteString(strings.TrimPrefix(comment, " ") + "\n")
	}
	return b.String()
}

func TestAnnotationsAreRead(t *testing.T) {
	dir := t.TempDir()
	text := "# METADATA\n# title: T\n# custom:\n#   id: ssh-root-login\n#   controls: {ssg: [a], cis_debian12: [\"5.1.20\"]}\npackage guestctl.ssh\n"
	if err := os.WriteFile(filepath.Join(dir, "a.rego"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	want := map[string]map[string][]string{"ssh-root-login": {"ssg": {"a"}, "cis_debian12": {"5.1.20"}}}
	if diff := cmp.Diff(want, annotated(t, dir)); diff != "" {
		t.Error(diff)
	}
}
