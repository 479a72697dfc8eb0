package yararules

import (
	"archive/tar"
	"bytes"
	"cmp"
	"compress/gzip"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/guestctl/guestctl/finding"
	"github.com/guestctl/guestctl/internal/malwaretest"
	"github.com/guestctl/guestctl/scanner"
)

// onDisk returns the files that the archive is made of.
func onDisk(t *testing.T) map[string]string {
	t.Helper()
	names, err := filepath.Glob("*.yar")
	if err != nil || len(names) == 0 {
		t.Fatalf("no rules here: %v", err)
	}
	files := map[string]string{}
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		files[name] = string(b)
	}
	return files
}

func pack(t *testing.T, files map[string]string) []byte {
	t.Helper()
	var out bytes.Buffer
	z, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	w := tar.NewWriter(z)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		h := &tar.Header{Name: name, Mode: 0o644, Size: int64(len(files[name])), Format: tar.FormatUSTAR}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(files[name])); err != nil {
			t.Fatal(err)
		}
	}
	if err := cmp.Or(w.Close(), z.Close()); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// TestTheArchive holds what the program has against the files beside it. UPDATE=1 writes it again.
func TestTheArchive(t *testing.T) {
	want := onDisk(t)
	got, err := Sources()
	if err == nil && maps.Equal(got, want) {
		return
	}
	if os.Getenv("UPDATE") == "" {
		t.Fatalf("rules.tar.gz does not hold the rules of this folder (%v): run this test with UPDATE=1", err)
	}
	if err := os.WriteFile("rules.tar.gz", pack(t, want), 0o600); err != nil {
		t.Fatal(err)
	}
}

// rule is what a person may want to know of a rule without reading YARA.
type rule struct {
	name, file string
	tags       []string
	meta       map[string]string
}

var (
	ruleText = regexp.MustCompile(`(?ms)^rule (\w+) : ([\w ]+)\n\{\n    meta:\n(.*?)^    (?:strings|condition):\n`)
	metaText = regexp.MustCompile(`(?m)^        (\w+) = (?:"(.*)"|(\d+))$`)
	nameText = regexp.MustCompile(`^(Linux|Multi|Script|PHP|JSP|ASP|Test)(_[A-Za-z0-9]+){1,2}$`)
)

func rules(t *testing.T) []rule {
	t.Helper()
	var all []rule
	files := onDisk(t)
	for _, file := range slices.Sorted(maps.Keys(files)) {
		found := ruleText.FindAllStringSubmatch(files[file], -1)
		if len(found) != strings.Count("\n"+files[file], "\nrule ") {
			t.Errorf("%s: a rule is not laid out as the others: tags, meta, strings, condition", file)
		}
		for _, f := range found {
			r := rule{f[1], file, strings.Fields(f[2]), map[string]string{}}
			for _, m := range metaText.FindAllStringSubmatch(f[3], -1) {
				r.meta[m[1]] = m[2] + m[3]
			}
			all = append(all, r)
		}
	}
	return all
}

func TestEveryFileNamesItsClasses(t *testing.T) {
	for file, source := range onDisk(t) {
		line, _, _ := strings.Cut(source, "\n")
		list, ok := strings.CutPrefix(line, "// class: ")
		if !ok {
			t.Errorf("%s begins with %q, want its classes", file, line)
		}
		for class := range strings.SplitSeq(list, ", ") {
			if !slices.Contains(scanner.Classes(), scanner.Class(class)) {
				t.Errorf("%s: there is no class %q", file, class)
			}
		}
	}
}

func TestEveryRuleSaysWhatItIs(t *testing.T) {
	seen := map[string]string{}
	for _, r := range rules(t) {
		if before, ok := seen[r.name]; ok {
			t.Errorf("%s is in %s and in %s", r.name, before, r.file)
		}
		seen[r.name] = r.file
		if !nameText.MatchString(r.name) {
			t.Errorf("%s: a name is a platform, a kind and a subject", r.name)
		}
		for _, key := range []string{"description", "reference"} {
			if r.meta[key] == "" {
				t.Errorf("%s has no %s", r.name, key)
			}
		}
		if r.meta["author"] != "guestctl" || r.meta["licence"] != "Apache-2.0" {
			t.Errorf("%s is by %q under %q", r.name, r.meta["author"], r.meta["licence"])
		}
		score, err := strconv.Atoi(r.meta["score"])
		if err != nil || string(finding.Scored(score)) != r.meta["severity"] {
			t.Errorf("%s: a score of %q is no severity %q", r.name, r.meta["score"], r.meta["severity"])
		}
	}
}

func TestEveryRuleHasASample(t *testing.T) {
	have := map[string]bool{}
	paths := map[string]bool{}
	for _, s := range malwaretest.Positives() {
		have[s.Rule] = true
		if paths[s.Path] {
			t.Errorf("two samples are %s", s.Path)
		}
		paths[s.Path] = true
	}
	for _, r := range rules(t) {
		if !have[r.name] {
			t.Errorf("no sample is for %s", r.name)
		}
		delete(have, r.name)
	}
	for name := range have {
		t.Errorf("a sample is for %s, which is no rule", name)
	}
}

// TestTheDocumentedRules keeps the table of the documentation the list of rules. UPDATE=1 writes it again.
func TestTheDocumentedRules(t *testing.T) {
	const path = "../../docs/yara-rules.md"
	var want strings.Builder
	want.WriteString("# Built-in rules\n\nThese rules of YARA come with the program; their sources are in `rules/yara`.\n\n" +
		"| rule | severity | finds |\n|---|---|---|\n")
	all := rules(t)
	slices.SortFunc(all, func(a, b rule) int { return cmp.Compare(a.name, b.name) })
	for _, r := range all {
		fmt.Fprintf(&want, "| `%s` | %s | %s |\n", r.name, severity(t, r), r.meta["description"])
	}
	have, err := os.ReadFile(path)
	if err == nil && string(have) == want.String() {
		return
	}
	if os.Getenv("UPDATE") == "" {
		t.Fatalf("docs/yara-rules.md does not list the rules there are (%v): run this test with UPDATE=1", err)
	}
	if err := os.WriteFile(path, []byte(want.String()), 0o600); err != nil {
		t.Fatal(err)
	}
}

// severity is that of a rule, with what changes it.
func severity(t *testing.T, r rule) string {
	t.Helper()
	text := r.meta["severity"]
	if r.meta["unless"] == "shipped" {
		text += ", unless the file is as its package shipped it"
	}
	if score, ok := r.meta["score_unowned"]; ok {
		n, err := strconv.Atoi(score)
		if err != nil {
			t.Errorf("%s: %v", r.name, err)
		}
		text += fmt.Sprintf("; %s for a program of the system that no package owns", finding.Scored(n))
	}
	return text
}
