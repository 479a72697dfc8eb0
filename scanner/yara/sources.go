//go:build linux && cgo && !noyara

package yara

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/scanner"
)

const (
	maxFile  = 64 << 20  // bytes of one file of rules
	maxFiles = 256 << 20 // bytes of all of them, with what they include
)

// file is one file of rules, with everything that it includes.
type file struct {
	name     string // what matches say they are from
	path     string // as the user knows it
	content  []byte
	classes  []scanner.Class   // that its rules are for
	includes map[string][]byte // by includeKey
	targets  map[string]string // their paths, likewise
	// refused has the reasons why an included file is not there, by its name as it is written.
	refused map[string]string
}

// library is the rule files of a run, as they are read.
type library struct {
	files    []file
	problems Problems
	size     int
}

// read reads the rules that the options name. An error is of a path that is not there; a file that cannot be used is a problem.
func read(opts Options) (*library, error) {
	l := &library{}
	for _, s := range opts.Builtin {
		l.add(file{name: s.Name, path: "builtin:" + s.Name, content: s.Content})
	}
	for _, p := range opts.Paths {
		if err := l.named(p); err != nil {
			return nil, fmt.Errorf("rules: %w", err)
		}
	}
	return l, nil
}

// named reads what the user named: a file, or a directory of them.
func (l *library) named(name string) error {
	info, err := os.Stat(name)
	if err != nil {
		return err
	}
	dir := name
	if !info.IsDir() {
		dir = filepath.Dir(name)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	if info.IsDir() {
		return l.directory(root, name)
	}
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	l.user(root, f, filepath.Base(name), name)
	return nil
}

// directory reads the files of rules in a directory and those below it. A link that leaves it is a problem, as is one to
// a directory.
func (l *library) directory(root *os.Root, dir string) error {
	before := len(l.files) + len(l.problems)
	err := fs.WalkDir(root.FS(), ".", func(p string, d fs.DirEntry, err error) error {
		shown := filepath.Join(dir, filepath.FromSlash(p))
		if err != nil {
			l.problem(shown, causeOf(err))
			return nil
		}
		isLink := d.Type()&fs.ModeSymlink != 0
		if info, err := root.Stat(p); isLink && err == nil && info.IsDir() {
			l.problem(shown, "a link to a directory, which is not followed")
			return nil
		}
		if !isLink && !d.Type().IsRegular() || !isRules(p) {
			return nil
		}
		f, err := root.Open(p)
		if err != nil {
			l.problem(shown, causeOf(err))
			return nil
		}
		defer f.Close()
		l.user(root, f, p, shown)
		return nil
	})
	if err == nil && before == len(l.files)+len(l.problems) {
		return fmt.Errorf("%s: no *.yar or *.yara in it", dir)
	}
	return err
}

func isRules(name string) bool {
	ext := strings.ToLower(path.Ext(name))
	return ext == ".yar" || ext == ".yara"
}

// user reads one file of rules of a user.
func (l *library) user(root *os.Root, r io.Reader, name, shown string) {
	content, err := l.content(r)
	if err != nil {
		l.problem(shown, causeOf(err))
		return
	}
	f := file{name: name, path: shown, content: content}
	l.include(root, &f, content, inclusion{at: name})
	l.add(f)
}

// content reads the text of rules, as far as it is one.
func (l *library) content(r io.Reader) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	l.size += len(b)
	switch {
	case err != nil:
		return nil, err
	case len(b) > maxFile:
		return nil, fmt.Errorf("larger than %d MiB", maxFile>>20)
	case l.size > maxFiles:
		return nil, fmt.Errorf("all files of rules together are larger than %d MiB", maxFiles>>20)
	case bytes.HasPrefix(b, []byte("YARA")):
		return nil, errors.New("compiled rules are refused, since libyara trusts what they do: give their source")
	case bytes.IndexByte(b, 0) >= 0:
		return nil, errors.New("not a text: it has a zero byte")
	}
	return withoutMark(b), nil
}

// withoutMark is a text without the byte order mark that editors of Windows begin it with, and libyara stumbles over.
func withoutMark(text []byte) []byte { return bytes.TrimPrefix(text, []byte("\xef\xbb\xbf")) }

// add takes a file of rules, unless it says itself that something is wrong with it.
func (l *library) add(f file) {
	var err error
	f.content = withoutMark(f.content)
	if f.classes, err = classesOf(f.content); err != nil {
		l.problems = append(l.problems, Problem{f.path, 1, err.Error()})
		return
	}
	if f.mentions(importsMagic.Match) {
		l.problem(f.path, "imports the module magic, which is not offered: it reads files of this machine")
		return
	}
	l.files = append(l.files, f)
}

func (l *library) problem(path, message string) {
	l.problems = append(l.problems, Problem{File: path, Message: message})
}

// causeOf is an error without the path that stands beside it.
func causeOf(err error) string {
	if pe := (*fs.PathError)(nil); errors.As(err, &pe) {
		return pe.Err.Error()
	}
	return err.Error()
}

// Package regexp has no constants.
var (
	classLine    = regexp.MustCompile(`\A[ \t]*//[ \t]*class:([^\r\n]*)`)
	importsMagic = regexp.MustCompile(`import\s*"magic"`)
	importsTime  = regexp.MustCompile(`import\s*"time"`)
)

// classesOf reads which classes of files the rules are for; without a line that says so they are for all.
func classesOf(content []byte) ([]scanner.Class, error) {
	line := classLine.FindSubmatch(content)
	if line == nil {
		return scanner.Classes(), nil
	}
	var classes []scanner.Class
	for word := range strings.SplitSeq(string(line[1]), ",") {
		class := scanner.Class(strings.TrimSpace(word))
		if !slices.Contains(scanner.Classes(), class) {
			return nil, fmt.Errorf("class %q, want some of %v", string(class), scanner.Classes())
		}
		classes = append(classes, class)
	}
	return classes, nil
}

// hasWord reports whether a word stands in a text, be it in a comment.
func hasWord(text []byte, word string) bool {
	for {
		i := bytes.Index(text, []byte(word))
		if i < 0 {
			return false
		}
		end := i + len(word)
		if (i == 0 || !inWord(text[i-1])) && (end == len(text) || !inWord(text[end])) {
			return true
		}
		text = text[i+1:]
	}
}

func inWord(c byte) bool {
	return c == '_' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

// mentions reports whether something is in the text of the rules, or of what they include.
func (f *file) mentions(what func(text []byte) bool) bool {
	if what(f.content) {
		return true
	}
	for _, b := range f.includes {
		if what(b) {
			return true
		}
	}
	return false
}

// digest names everything that the rules of a file come from.
func (f *file) digest() [sha256.Size]byte {
	h := sha256.New()
	_, _ = fmt.Fprintf(h, "%q %d\n%s", f.name, len(f.content), f.content)
	for _, at := range sortedKeys(f.includes) {
		_, _ = fmt.Fprintf(h, "%q %d\n%s", at, len(f.includes[at]), f.includes[at])
	}
	return [sha256.Size]byte(h.Sum(nil))
}
