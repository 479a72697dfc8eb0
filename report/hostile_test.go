package report

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/jstemmer/go-junit-report/v2/junit"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/renderer/html"

	"github.com/guestctl/guestctl/audit"
)

// TestNoStringOfAGuestForgesOutput looks at the raw bytes of every format.
func TestNoStringOfAGuestForgesOutput(t *testing.T) {
	for about, sample := range samples() {
		for _, f := range append(Formats(), gates()...) {
			for name, hostile := range hostiles() {
				t.Run(strings.Join([]string{about, f.Name, name}, "/"), func(t *testing.T) { forgesNothing(t, f, name, hostile, sample) })
			}
		}
	}
}

func forgesNothing(t *testing.T, f Format, name, hostile string, sample func(string) *audit.Result) {
	// Documents for programs carry every character; their readers escape.
	machine := f.Name == "json" || f.Name == "ndjson" || f.Name == "yaml"
	b := string(written(t, f, sample(hostile)))
	if !utf8.ValidString(b) {
		t.Error("not UTF-8")
	}
	for _, bad := range []string{"\x1b", "\x00", "\u202e", "\u200b", "\u2066", "\ufeff", "\ufffe", "\n PASS  forged", "\nPASS", "\n::error", "\n##"} {
		if machine && bad > "\x7f" || bad == "\n##" && strings.HasSuffix(f.Name, "md") {
			continue // the Markdown report has headings, which TestMarkdownKeepsItsStructure looks at
		}
		if strings.Contains(b, bad) {
			t.Errorf("contains %q", bad)
		}
	}
	if name == "empty" || name == "blank" || f.Name == "yaml" {
		return // nothing to show, and no line for it; YAML breaks long lines
	}
	if got, want := strings.Count(b, "\n"), strings.Count(string(written(t, f, sample("x"))), "\n"); got != want {
		t.Errorf("%d lines, want %d", got, want)
	}
}

// TestTwoRunsGiveTheSameBytes writes every format twice.
func TestTwoRunsGiveTheSameBytes(t *testing.T) {
	for name, sample := range samples() {
		for _, f := range append(Formats(), gates()...) {
			first := written(t, f, sample(hostile))
			for range 5 {
				if !bytes.Equal(first, written(t, f, sample(hostile))) {
					t.Errorf("%s of %s differs from run to run", f.Name, name)
					break
				}
			}
		}
	}
}

// TestMarkdownKeepsItsStructure renders the report as GitHub would, raw HTML included. Whatever a string is, the only thing
// that may differ is what stands in code spans.
func TestMarkdownKeepsItsStructure(t *testing.T) {
	md := goldmark.New(goldmark.WithExtensions(extension.GFM), goldmark.WithRendererOptions(html.WithUnsafe()))
	span := regexp.MustCompile(`(?s)<code>.*?</code>`)
	f, err := Find("md")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range append(gates()[1:], f) {
		for about, sample := range samples() {
			keepsItsStructure(t, f, about, func(s string) string {
				var b bytes.Buffer
				if err := md.Convert(written(t, f, sample(s)), &b); err != nil {
					t.Fatal(err)
				}
				return span.ReplaceAllString(b.String(), "<code></code>")
			})
		}
	}
}

func keepsItsStructure(t *testing.T, f Format, about string, render func(string) string) {
	want := render("x")
	if !strings.Contains(want, "<table>") || !strings.Contains(want, "<details>") && f.Name != "short gate-md" {
		t.Fatalf("%s of %s: not rendered:\n%s", f.Name, about, want)
	}
	for name, hostile := range hostiles() {
		if name == "empty" {
			continue
		}
		if diff := cmp.Diff(want, render(hostile)); diff != "" {
			t.Errorf("%s of %s, %s (-harmless +hostile)\n%s", f.Name, about, name, diff)
		}
	}
}

// TestCodeSpansHoldTheirText renders single code spans in a table and wants the text back.
func TestCodeSpansHoldTheirText(t *testing.T) {
	for _, s := range []string{"a", "a|b", `a\|b`, `a\`, "`", "``", "a`b", "`a`", "a``b`c", " a", "<b>&amp;", "*x* _y_", "\\`", "|", "a|"} {
		if got, page := shownInTable(t, s); got != s {
			t.Errorf("%q is shown as %q in\n%s", s, got, page)
		}
	}
}

// FuzzCodeSpans holds any text of one line. Spaces at the ends may be lost.
func FuzzCodeSpans(f *testing.F) {
	for _, s := range hostiles() {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		s = EscapeText(s)
		if got, page := shownInTable(t, s); strings.Trim(got, " ") != strings.Trim(s, " ") {
			t.Errorf("%q is shown as %q in\n%s", s, got, page)
		}
	})
}

// shownInTable is the text a reader sees in a cell, and the whole page.
func shownInTable(t *testing.T, s string) (text, page string) {
	t.Helper()
	md := goldmark.New(goldmark.WithExtensions(extension.GFM))
	var b bytes.Buffer
	if err := md.Convert([]byte("| h |\n| --- |\n| "+code(s)+" |\n"), &b); err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(b.String(), "<td><code>")
	text, _, _ = strings.Cut(rest, "</code></td>")
	return strings.NewReplacer("&lt;", "<", "&gt;", ">", "&quot;", `"`, "&amp;", "&").Replace(text), b.String()
}

// TestProseHasNoMarkup renders authors' texts and wants plain text.
func TestProseHasNoMarkup(t *testing.T) {
	md := goldmark.New(goldmark.WithExtensions(extension.GFM), goldmark.WithRendererOptions(html.WithUnsafe()))
	for name, s := range hostiles() {
		var b bytes.Buffer
		if err := md.Convert([]byte("x "+prose(oneLine(s))), &b); err != nil {
			t.Fatal(err)
		}
		if got := b.String(); strings.Count(got, "<") != 2 || !strings.HasPrefix(got, "<p>x") {
			t.Errorf("%s: %s", name, got)
		}
	}
}

// TestCSVHasNoFormulas reads the table back as a spreadsheet does.
func TestCSVHasNoFormulas(t *testing.T) {
	f, err := Find("csv")
	if err != nil {
		t.Fatal(err)
	}
	for name, hostile := range hostiles() {
		b := written(t, f, sampleWith(hostile))
		if bytes.Count(b, []byte("\n")) != bytes.Count(b, []byte("\r\n")) {
			t.Errorf("%s: a line does not end with CR and LF", name)
		}
		rows, err := csv.NewReader(bytes.NewReader(b)).ReadAll()
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if len(rows) != 10 || rows[8][3] != "" || rows[8][5] != "unknown" || rows[9][1] != runLabel {
			t.Errorf("%s: %d rows, want the header, 7 checks, the image that was not judged and a check of the run", name, len(rows))
		}
		for _, row := range rows {
			for _, value := range row {
				if s := strings.TrimLeft(value, " "); s != "" && strings.ContainsAny(s[:1], "=+-@\t\r\n") || strings.HasPrefix(value, "＝") {
					t.Errorf("%s: cell %q", name, value)
				}
			}
		}
	}
	for in, want := range map[string]string{"=1": "'=1", "-1": "'-1", " +1": "' +1", "＠x": "'＠x", "1-1": "1-1", "'=1": "'=1", "": "", "\t=1": `\t=1`} {
		if got := cell(in); got != want {
			t.Errorf("cell %q is %q, want %q", in, got, want)
		}
	}
}

// TestJUnitIsWhatRunnersRead reads the document back strictly, and holds it against what Jenkins and GitLab need: counts that
// add up, names and class names, times that are numbers, and one outcome of each test.
func TestJUnitIsWhatRunnersRead(t *testing.T) {
	f, err := Find("junit")
	if err != nil {
		t.Fatal(err)
	}
	for name, hostile := range hostiles() {
		b := written(t, f, sampleWith(hostile))
		var doc junit.Testsuites
		dec := xml.NewDecoder(bytes.NewReader(b))
		if err := dec.Decode(&doc); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for {
			token, err := dec.Token()
			if text, ok := token.(xml.CharData); ok && strings.TrimSpace(string(text)) == "" {
				continue
			}
			if !errors.Is(err, io.EOF) {
				t.Errorf("%s: %v %v stands behind the document", name, token, err)
			}
			break
		}
		if len(doc.Suites) != 3 || doc.Tests != 9 || doc.Failures != 3 || doc.Errors != 2 || doc.Skipped != 3 {
			t.Errorf("%s: %d suites, %d tests, %d failures, %d errors, %d skipped", name, len(doc.Suites), doc.Tests, doc.Failures, doc.Errors, doc.Skipped)
		}
		for _, suite := range doc.Suites {
			junitSuiteOfRunners(t, name, suite)
		}
	}
}

func junitSuiteOfRunners(t *testing.T, name string, suite junit.Testsuite) {
	t.Helper()
	var failures, failed, skipped int
	for _, c := range suite.Testcases {
		outcomes := 0
		for _, o := range []struct {
			result *junit.Result
			count  *int
		}{{c.Failure, &failures}, {c.Error, &failed}, {c.Skipped, &skipped}} {
			if o.result != nil {
				outcomes++
				*o.count++
				if o.result.Message == "" {
					t.Errorf("%s: %s has an outcome without a message", name, c.Name)
				}
			}
		}
		if c.Name == "" || c.Classname != suite.Name || c.Time != "0" || outcomes > 1 {
			t.Errorf("%s: test %+v", name, c)
		}
	}
	if suite.Time != "0" || suite.Tests != len(suite.Testcases) || suite.Failures != failures || suite.Errors != failed || suite.Skipped != skipped {
		t.Errorf("%s: the counts of suite %q do not add up", name, suite.Name)
	}
}

// TestNDJSONIsOneObjectPerLine reads it line by line.
func TestNDJSONIsOneObjectPerLine(t *testing.T) {
	f, err := Find("ndjson")
	if err != nil {
		t.Fatal(err)
	}
	var types []string
	for line := range strings.Lines(string(written(t, f, sample()))) {
		var doc struct {
			Type   string `json:"type"`
			Schema string `json:"schema"`
			Image  string `json:"image"`
			Root   any    `json:"root"`
			ID     string `json:"id"`
			Checks *any   `json:"checks"`
		}
		if err := json.Unmarshal([]byte(line), &doc); err != nil {
			t.Fatal(err)
		}
		switch {
		case doc.Type == "run" && doc.Schema != "guestctl.result/1",
			doc.Type == "target" && (doc.Image == "" || doc.Checks != nil),
			doc.Type == "check" && (doc.Image != "disk.qcow2" || doc.Root != "p2" || doc.ID == ""):
			t.Errorf("line %s", line)
		}
		types = append(types, doc.Type)
	}
	if got, want := strings.Join(types, " "), "run target check check check check check check check target run_check waiver waiver waiver waiver"; got != want {
		t.Errorf("lines %s, want %s", got, want)
	}
}
