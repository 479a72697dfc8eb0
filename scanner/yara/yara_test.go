//go:build linux && cgo && !noyara

package yara

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/guestctl/guestctl/engine/guest"
	"github.com/guestctl/guestctl/finding"
	"github.com/guestctl/guestctl/scanner"
)

// load makes an engine of rules, by the names of their files.
func load(t testing.TB, opts Options) *Engine {
	t.Helper()
	e, err := Load(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	return e
}

func builtin(text string) Options {
	return Options{Builtin: []Source{{"test.yar", []byte(text)}}}
}

// bench is a session with its memory.
type bench struct {
	*session
	memory *scanner.Memory
}

func open(t testing.TB, e *Engine) *bench {
	t.Helper()
	memory, err := scanner.NewMemory()
	if err != nil {
		t.Fatal(err)
	}
	s, err := e.Open(t.Context(), memory)
	if err != nil {
		t.Fatal(err)
	}
	own, ok := s.(*session)
	if !ok {
		t.Fatalf("%T", s)
	}
	t.Cleanup(func() {
		if err := errors.Join(s.Close(), memory.Close()); err != nil {
			t.Error(err)
		}
	})
	return &bench{own, memory}
}

// object is a file with a content, in the memory of the session.
func (b *bench) object(t testing.TB, path, content string) *scanner.Object {
	t.Helper()
	region, err := b.memory.Grow(0, len(content))
	if err != nil {
		t.Fatal(err)
	}
	copy(region, content)
	return &scanner.Object{
		Object: guest.Object{Path: path}, Content: region, Class: scanner.ClassOf(region, nil), Account: "root",
	}
}

// names are the rules that match, or the reason why none could.
func (b *bench) names(t testing.TB, path, content string) []string {
	t.Helper()
	return names(b.Scan(t.Context(), b.object(t, path, content)))
}

func names(matches []scanner.Match, err error) []string {
	var all []string
	for _, m := range matches {
		all = append(all, m.Rule)
	}
	if err != nil {
		all = append(all, err.Error())
	}
	return all
}

// eicar is the test file of the makers of scanners, which is not written down whole anywhere so that this file is not found.
func eicar() string {
	return `X5O!P%@AP[4\PZX54(P^)7CC)7}` + "$EICAR-STANDARD-" + `ANTIVIRUS-TEST-FILE!$H+H*`
}

func TestEICAR(t *testing.T) {
	sum := sha256.Sum256([]byte(eicar()))
	if got := hex.EncodeToString(sum[:]); got != "275a021bbfb6489e54d471899f7db9d1663fc695ec2fe2a2c4538aabf651fd0f" {
		t.Fatalf("not EICAR: %s", got) // the digest is the one that eicar.org publishes
	}
	b := open(t, load(t, builtin(`rule eicar { strings: $a = "$EICAR-STANDARD-" condition: $a at 27 and filesize < 1KB }`)))
	for content, want := range map[string]string{eicar(): "[eicar]", " " + eicar(): "[]", "": "[]"} {
		if got := fmt.Sprint(b.names(t, "/srv/x", content)); got != want {
			t.Errorf("%d bytes: %s, want %s", len(content), got, want)
		}
	}
}

func TestMatch(t *testing.T) {
	b := open(t, load(t, builtin(`
private rule hidden { condition: filesize > 0 }
rule everything : tag other {
	meta:
		author = "somebody"
		reference = "one"
		reference = "two"
		number = 5
		yes = true
		description = "what it means"
		score = 55
		unless = "shipped"
		score_unowned = 90
	strings:
		$a = "needle"
		$b = { 00 ?? FF }
		$long = /x{100}/
		$hidden = "hay" private
	condition: hidden and all of them
}`)))
	content := "hay needle \x00\x22\xff \xe2\x82\xac needle " + strings.Repeat("x", 100)
	got, err := b.Scan(t.Context(), b.object(t, "/x", content))
	if err != nil {
		t.Fatal(err)
	}
	want := []scanner.Match{{
		Match: finding.Match{
			Engine: "yara", Rule: "everything", Score: 55, Severity: finding.Medium, Description: "what it means", Source: "test.yar",
			Tags: []string{"tag", "other"},
			Meta: map[string]string{
				"author": "somebody", "reference": "one; two", "number": "5", "yes": "true", "description": "what it means",
				"score": "55", "unless": "shipped", "score_unowned": "90",
			},
			Strings: []finding.MatchString{
				{Name: "$a", Offset: 4, Length: 6, Excerpt: "needle"},
				{Name: "$b", Offset: 11, Length: 3, Excerpt: `\x00\"\xff`},
				{Name: "$long", Offset: 26, Length: 100, Excerpt: strings.Repeat("x", finding.MaxExcerpt)},
			},
		},
		UnlessShipped: true, Unowned: 90,
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestScore(t *testing.T) {
	for meta, want := range map[string]string{
		"":                                   "70 high",
		"score = 95":                         "95 critical",
		"score = 101":                        "70 high",
		"score = -1":                         "70 high",
		`score = "51"`:                       "51 medium",
		"severity = 30":                      "30 low",
		`severity = "Critical"`:              "95 critical",
		`severity = "high"`:                  "80 high",
		`severity = "medium"`:                "60 medium",
		`severity = "low"`:                   "40 low",
		`severity = "info"`:                  "10 info",
		`severity = "terrible"`:              "70 high",
		`score = 75 severity = "low"`:        "75 low",
		`score = 75 severity = 20`:           "75 high",
		`score = "much" severity = "medium"`: "60 medium",
	} {
		var r rule
		for f := strings.Fields(strings.ReplaceAll(meta, " = ", "=")); len(f) > 0; f = f[1:] {
			key, value, _ := strings.Cut(f[0], "=")
			r.Meta = append(r.Meta, struct{ Key, Value string }{key, strings.Trim(value, `"`)})
		}
		score, severity := r.judgement()
		if got := fmt.Sprint(score, " ", severity); got != want {
			t.Errorf("%s: %s, want %s", meta, got, want)
		}
	}
}

// TestMatchesAcrossBorders has the string lie across what readers and maps are cut into.
func TestMatchesAcrossBorders(t *testing.T) {
	b := open(t, load(t, builtin(`rule a { strings: $a = "across a border" condition: #a == 1 and $a }`)))
	for _, border := range []int{4 << 10, 64 << 10, 1 << 20, smallestMap, 2 * smallestMap} {
		content := strings.Repeat("\x01", border-7) + "across a border" + strings.Repeat("\x01", 100)
		got, err := b.Scan(t.Context(), b.object(t, "/x", content))
		if err != nil || len(got) != 1 || got[0].Strings[0].Offset != int64(border-7) {
			t.Errorf("at %d: %v, %v", border, got, err)
		}
		if border == smallestMap {
			if err := b.memory.Shrink(); err != nil { // and it grows again
				t.Fatal(err)
			}
		}
	}
	if got := b.names(t, "/x", "short"); len(got) > 0 {
		t.Errorf("what stood in the memory before was found: %v", got)
	}
}

func TestVariables(t *testing.T) {
	e := load(t, builtin(`
rule name { condition: filename == "B.Sh" }
rule path { condition: filepath == "/srv/a.zip!/c/B.Sh" }
rule ext { condition: extension == ".sh" }
rule type { condition: filetype == "SCRIPT" }
rule account { condition: owner == "www-data" }
rule nothing { condition: filename == "" or filepath == "" or filetype == "" or owner == "" }`))
	b := open(t, e)
	o := b.object(t, "/srv/a.zip", "#!/bin/sh")
	o.Member, o.Account = "c/B.Sh", "www-data"
	if got, want := fmt.Sprint(names(b.Scan(t.Context(), o))), "[name path ext type account]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := b.names(t, "/etc/passwd", "text"); len(got) > 0 {
		t.Errorf("the values of the file before are still there: %v", got)
	}
	key := e.Key(o)
	for what, other := range map[string]func(o *scanner.Object){
		"path":    func(o *scanner.Object) { o.Path = "/srv/b.zip" },
		"member":  func(o *scanner.Object) { o.Member = "d" },
		"account": func(o *scanner.Object) { o.Account = "root" },
		"class":   func(o *scanner.Object) { o.Class = scanner.Text },
	} {
		changed := *o
		other(&changed)
		if e.Key(&changed) == key {
			t.Errorf("the key says nothing of the %s", what)
		}
	}
}

func TestKey(t *testing.T) {
	o := &scanner.Object{Object: guest.Object{Path: "/a"}, Class: scanner.ELF}
	other := &scanner.Object{Object: guest.Object{Path: "/b"}, Class: scanner.Text}
	plain := load(t, builtin(`rule a { condition: true }`))
	if plain.Key(o) == "" || plain.Key(o) != plain.Key(other) {
		t.Errorf("%q and %q, want one key for all files", plain.Key(o), plain.Key(other))
	}
	if again := load(t, builtin(`rule a { condition: true }`)); again.Key(o) != plain.Key(o) {
		t.Error("the same rules have two keys")
	}
	if changed := load(t, builtin(`rule a { condition: false }`)); changed.Key(o) == plain.Key(o) {
		t.Error("other rules have the same key")
	}
	if clock := load(t, builtin("import \"time\"\nrule a { condition: time.now() > 0 }")); clock.Key(o) != "" {
		t.Error("what rules say that look at the clock is kept")
	}
	split := load(t, Options{Builtin: []Source{
		{"a.yar", []byte("// class: elf\nrule a { condition: true }")},
		{"b.yar", []byte("rule b { condition: filename == \"x\" }")},
	}})
	archive, installer := *o, *o
	archive.Class, archive.Holds = scanner.Archive, true
	installer.Holds = true // the archive at its end has files of any class
	if split.Key(&installer) != split.Key(&archive) {
		t.Errorf("a program with an archive at its end has the key %q, want %q", split.Key(&installer), split.Key(&archive))
	}
	keys := map[string]bool{split.Key(o): true, split.Key(other): true, split.Key(&archive): true}
	if len(keys) != 3 || !strings.Contains(split.Key(&archive), strings.Fields(split.Key(o))[2]) {
		t.Errorf("classes with other rules, and archives, have keys %v", keys)
	}
}

func TestClasses(t *testing.T) {
	e := load(t, Options{Builtin: []Source{
		{"elf.yar", []byte("// class: elf, script\r\nrule programs { condition: true }")},
		{"any.yar", []byte("/* class: elf */ rule all_files { condition: true }")},
		{"text.yar", []byte("\ufeff//class:text\nrule text { condition: true }")},
	}})
	b := open(t, e)
	for content, want := range map[string]string{
		"\x7fELF": "[programs all_files]", "#!/bin/sh": "[programs all_files]", "text": "[all_files text]", "\x00": "[all_files]",
	} {
		if got := fmt.Sprint(b.names(t, "/x", content)); got != want {
			t.Errorf("%q: %s, want %s", content, got, want)
		}
	}
	if len(e.sets) != 3 {
		t.Errorf("%d sets, want 3: classes with the same rules share one", len(e.sets))
	}
	only := open(t, load(t, builtin("// class: pe\nrule a { condition: true }")))
	if got := only.names(t, "/x", "text"); len(got) > 0 || only.number != 0 {
		t.Errorf("%v, want no request for a class without rules", got)
	}
}

// TestModules uses the modules of Debian's libyara, in a worker that has no files.
func TestModules(t *testing.T) {
	b := open(t, load(t, builtin(`
import "pe" import "elf" import "math" import "hash" import "dotnet" import "cuckoo" import "time" import "console"
rule elf { condition: elf.type == elf.ET_EXEC }
rule pe { condition: pe.is_pe or pe.number_of_signatures > 0 }
rule net { condition: dotnet.number_of_streams > 0 }
rule entropy { condition: math.entropy(0, filesize) > 0.5 and console.log("entropy ") }
rule md5 { condition: hash.md5(0, filesize) == "5d41402abc4b2a76b9719d911017c592" }
rule clock { condition: time.now() > 1600000000 }
rule sandbox { condition: cuckoo.network.http_request(/x/) }`)))
	for content, want := range map[string]string{
		"hello": "[entropy md5 clock]", "MZ" + strings.Repeat("\x00", 100): "[clock]",
	} {
		if got := fmt.Sprint(b.names(t, "/x", content)); got != want {
			t.Errorf("%q: %s, want %s", content, got, want)
		}
	}
}

func TestManyMatches(t *testing.T) {
	var rules strings.Builder
	for i := range maxRules + 10 {
		fmt.Fprintf(&rules, "rule r%d { strings: $a = \"ab\" $b = \"c\" condition: #a > 2 and #b > 0 }\n", i)
	}
	b := open(t, load(t, builtin(rules.String())))
	got, err := b.Scan(t.Context(), b.object(t, "/x", strings.Repeat("ab", 20)+"c"))
	var skip *scanner.Skip
	if len(got) != maxRules || !errors.As(err, &skip) || skip.Reason != scanner.LimitReached {
		t.Fatalf("%d matches, %v; want %d and a record of the rest", len(got), err, maxRules)
	}
	if n := len(got[0].Strings); n != maxPlaces || got[0].Strings[n-1].Name != "$b" {
		t.Errorf("%d places, want %d with one of each string: %v", n, maxPlaces, got[0].Strings)
	}
}

// TestPlacesThatAreNotCounted has strings in more places than libyara counts. It forgets those after them, so that a file may hide
// the one that a rule asks for.
func TestPlacesThatAreNotCounted(t *testing.T) {
	many := strings.Repeat("a", 1_100_000)
	for rule, want := range map[string]string{
		`#a > 1`: "[a limit: ", `$a in (1099990..1100000)`: "[limit: ",
	} {
		b := open(t, load(t, builtin(`rule a { strings: $a = "aa" condition: `+rule+` }`)))
		if got := fmt.Sprint(b.names(t, "/x", many+"b")); !strings.HasPrefix(got, want) {
			t.Errorf("%s: got %s, want %s", rule, got, want)
		}
		if got := b.names(t, "/x", "none"); len(got) != 0 {
			t.Errorf("%s: the next file: %s", rule, got)
		}
	}
}

func TestContentElsewhere(t *testing.T) {
	b := open(t, load(t, builtin(`rule a { condition: true }`)))
	o := b.object(t, "/x", "text")
	o.Content = []byte("another")
	if got, err := b.Scan(t.Context(), o); err == nil {
		t.Errorf("got %v: the worker looked at something else", got)
	}
}
