//go:build linux && cgo && !noyara

package yara

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// tree writes files into a new directory.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// said are problems without the directory of the test.
func said(problems Problems, dir string) string {
	return strings.ReplaceAll(problems.Error(), dir+"/", "")
}

const (
	good = "rule good { condition: true }"
	bad  = "rule fine { condition: true }\n\nrule bad { condition: nobody }"
)

func TestBadFilesAreLeftOut(t *testing.T) {
	for name, c := range map[string]struct {
		files map[string]string
		want  string
	}{
		"syntax":            {map[string]string{"b.yar": bad}, `b.yar:3: undefined identifier "nobody"`},
		"two of them":       {map[string]string{"b.yar": bad, "c/d.YARA": "\nrule {"}, "b.yar:3: undefined identifier \"nobody\"\nc/d.YARA:2: syntax error"},
		"unknown module":    {map[string]string{"b.yar": "import \"nothing\"\n" + good}, `b.yar:1: unknown module "nothing"`},
		"module of files":   {map[string]string{"b.yar": "import \"magic\"\n" + good}, "b.yar: imports the module magic, which is not offered: it reads files of this machine"},
		"compiled":          {map[string]string{"b.yar": "YARA\x12\x00\x00\x00"}, "b.yar: compiled rules are refused, since libyara trusts what they do: give their source"},
		"zero byte":         {map[string]string{"b.yar": good + "\x00rule hidden { condition: true }"}, "b.yar: not a text: it has a zero byte"},
		"class":             {map[string]string{"b.yar": "// class: elf, pdf\n" + good}, `b.yar:1: class "pdf", want some of [elf pe script archive text other]`},
		"no include":        {map[string]string{"b.yar": "\ninclude \"x.inc\"\n" + good}, `b.yar:2: cannot include "x.inc": no such file or directory`},
		"include outside":   {map[string]string{"b.yar": "include \"../../x.inc\"\n" + good}, `b.yar:1: cannot include "../../x.inc": it lies outside of the directory of the rules`},
		"include of a root": {map[string]string{"b.yar": "include \"/etc/passwd\"\n" + good}, `b.yar:1: cannot include "/etc/passwd": it lies outside of the directory of the rules`},
		"bad include":       {map[string]string{"c/b.yar": "include \"x.inc\"\n" + good, "c/x.inc": bad}, `c/x.inc:3: undefined identifier "nobody"`},
		"circle":            {map[string]string{"b.yar": "include \"x.inc\"", "x.inc": "include \"x.inc\""}, "x.inc:1: includes circular reference"},
	} {
		t.Run(name, func(t *testing.T) {
			c.files["good.yar"] = good
			dir := tree(t, c.files)
			e := load(t, Options{Paths: []string{dir}})
			if got := said(e.Problems(), dir); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
			if got := fmt.Sprint(open(t, e).names(t, "/x", "")); got != "[good]" {
				t.Errorf("the rest: %s", got)
			}
			if w := e.Describe().Warnings; len(w) != len(e.Problems()) || !strings.HasPrefix(w[0], "rules left out: ") {
				t.Errorf("warnings %q", w)
			}
			_, err := Load(t.Context(), Options{Paths: []string{dir}, Strict: true})
			var problems Problems
			if !errors.As(err, &problems) || said(problems, dir) != c.want {
				t.Errorf("strict: %v", err)
			}
		})
	}
}

func TestPathsThatAreNoRules(t *testing.T) {
	dir := tree(t, map[string]string{"empty/readme": "", "bad.yar": bad, "nothing.yar": "// nothing"})
	for path, want := range map[string]string{
		"nothing.yar": "there are none in what was named",
		"missing":     "no such file or directory", "empty": "no *.yar or *.yara in it", "bad.yar": "there are none that can be used",
	} {
		if _, err := Load(t.Context(), Options{Paths: []string{filepath.Join(dir, path)}}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", path, err, want)
		}
	}
	if _, err := Load(t.Context(), Options{}); err == nil {
		t.Error("no rules at all are no error")
	}
}

// TestAFileWithoutARuleIsTold keeps a user from trusting rules that are not there.
func TestAFileWithoutARuleIsTold(t *testing.T) {
	dir := tree(t, map[string]string{"good.yar": good, "nothing.yar": "// nothing"})
	e, err := Load(t.Context(), Options{Paths: []string{dir}, Strict: true})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	if w := e.Describe().Warnings; len(w) != 1 || w[0] != filepath.Join(dir, "nothing.yar")+": no rule in it" {
		t.Errorf("warnings %q", w)
	}
}

func TestIncludes(t *testing.T) {
	dir := tree(t, map[string]string{
		"rules/a.yar":         "include \"sub/b.inc\"\nrule a { condition: b and c }",
		"rules/sub/b.inc":     "include \"../c.inc\"\nrule b { condition: true }",
		"rules/c.inc":         "rule c { condition: extension == \".x\" }",
		"rules/two.yar":       "include \"one/x.inc\"\ninclude \"other/x.inc\"",
		"rules/one/x.inc":     "include \"y.inc\"",
		"rules/other/x.inc":   "include \"y.inc\"",
		"rules/one/y.inc":     "rule one { condition: true }",
		"rules/other/y.inc":   "rule other { condition: true }",
		"outside.inc":         good,
		"rules/link.yar":      "",
		"rules/from-link.yar": "include \"link.inc\"",
	})
	for _, name := range []string{"link.yar", "link.inc"} {
		path := filepath.Join(dir, "rules", name)
		_ = os.Remove(path)
		if err := os.Symlink("../outside.inc", path); err != nil {
			t.Fatal(err)
		}
	}
	e := load(t, Options{Paths: []string{filepath.Join(dir, "rules")}})
	b := open(t, e)
	if got := fmt.Sprint(b.names(t, "/1.x", "")); got != "[c b a one other]" {
		t.Errorf("got %s", got)
	}
	if got := fmt.Sprint(b.names(t, "/1.y", "")); got != "[b one other]" {
		t.Errorf("the variable in the included file: %s", got)
	}
	want := `rules/from-link.yar:1: cannot include "link.inc": path escapes from parent
rules/link.yar: path escapes from parent`
	if got := said(e.Problems(), dir); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// TestNamesOfIncludesThatMeanTwoFiles: libyara tells the name of an included file, and not where that is.
func TestNamesOfIncludesThatMeanTwoFiles(t *testing.T) {
	dir := tree(t, map[string]string{
		"a.yar":   "include \"1/m.inc\"\ninclude \"2/n.inc\"",
		"1/m.inc": "include \"x.inc\"", "1/x.inc": "include \"y.inc\"", "1/y.inc": good,
		"2/n.inc": "include \"x.inc\"", "2/x.inc": "include \"y.inc\"", "2/y.inc": "rule other { condition: true }",
	})
	_, err := Load(t.Context(), Options{Paths: []string{filepath.Join(dir, "a.yar")}})
	if want := `1: cannot include "y.inc": two files are included by this name`; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("%v, want %s", err, want)
	}
}

func TestNotes(t *testing.T) {
	e := load(t, builtin("rule slow { strings: $a = /a.*b.*c.*d/ $b = { 00 } condition: any of them }"))
	notes := e.Notes().Error()
	if !strings.Contains(notes, "builtin:test.yar:1: ") || !strings.Contains(notes, "slow") || len(e.Problems()) > 0 {
		t.Errorf("notes %q, problems %q", notes, e.Problems())
	}
}

func TestSource(t *testing.T) {
	dir := tree(t, map[string]string{"a/b.yar": "rule one { condition: true }", "c.yar": "rule two { condition: true }"})
	e := load(t, Options{
		Builtin: []Source{{"own.yar", []byte("rule own { condition: true }")}},
		Paths:   []string{dir, filepath.Join(dir, "c.yar")},
	})
	b := open(t, e)
	matches, err := b.Scan(t.Context(), b.object(t, "/x", ""))
	var got []string
	for _, m := range matches {
		got = append(got, m.Source+" "+m.Rule)
	}
	if fmt.Sprint(got) != "[own.yar own a/b.yar one c.yar two c.yar two]" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	if e.Describe().Rules != 4 {
		t.Errorf("%d rules", e.Describe().Rules)
	}
}

func TestCompiledRulesAreKept(t *testing.T) {
	opts := builtin("rule a { condition: filename == \"x\" }")
	opts.Builtin = append(opts.Builtin, Source{"bad.yar", []byte(bad)})
	opts.CacheDir = filepath.Join(t.TempDir(), "new", "rules")
	path := func() string {
		names, err := filepath.Glob(filepath.Join(opts.CacheDir, "*"))
		if err != nil || len(names) != 1 {
			t.Fatalf("%v, %v; want one file", names, err)
		}
		return names[0]
	}
	check := func(when string) {
		t.Helper()
		e := load(t, opts)
		if got := fmt.Sprint(open(t, e).names(t, "/x", ""), e.Problems()); got != "[a] builtin:bad.yar:3: undefined identifier \"nobody\"" {
			t.Errorf("%s: %s", when, got)
		}
	}
	// kept reports whether the next run takes what is there: it does not write it again.
	kept := func() bool {
		t.Helper()
		before, err := os.Stat(path())
		if err != nil {
			t.Fatal(err)
		}
		check("again")
		after, err := os.Stat(path())
		return err == nil && os.SameFile(before, after)
	}
	check("at first")
	dir, err := os.Stat(opts.CacheDir)
	if err != nil || dir.Mode().Perm() != 0o700 {
		t.Errorf("mode of the directory %v, %v", dir.Mode(), err)
	}
	info, err := os.Stat(path())
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode of the file %v, %v", info.Mode(), err)
	}
	if !kept() {
		t.Error("the rules were compiled again")
	}
	for what, harm := range map[string]func(path string) error{
		"cut off": func(path string) error { return os.Truncate(path, info.Size()/2) },
		"empty":   func(path string) error { return os.Truncate(path, 0) },
		"changed": func(path string) error {
			b, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			b[len(b)/2] ^= 1
			return os.WriteFile(path, b, 0o600)
		},
		"rights of others": func(path string) error { return os.Chmod(path, 0o640) },
	} {
		if err := harm(path()); err != nil {
			t.Fatal(err)
		}
		if kept() {
			t.Errorf("%s: it was used", what)
		}
		if !kept() {
			t.Errorf("%s: it was not made anew", what)
		}
	}
	if err := os.Chmod(opts.CacheDir, 0o777); err != nil {
		t.Fatal(err)
	}
	e := load(t, opts)
	if w := fmt.Sprint(e.Describe().Warnings); !strings.Contains(w, "compiled rules are not kept") {
		t.Errorf("a directory that others write to: %s", w)
	}
}

func TestTheCacheIsBounded(t *testing.T) {
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	for i := range maxKept + 3 {
		if err := (store{dir, strconv.Itoa(i)}).put(&collection{}); err != nil {
			t.Fatal(err)
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != maxKept {
		t.Errorf("%d files, %v; want %d", len(entries), err, maxKept)
	}
}

func TestLoadIsCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Load(ctx, builtin(good)); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}
