//go:build linux && cgo && !noyara

package yara

import (
	"errors"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
)

const (
	maxIncludes   = 4096 // files that one file of rules includes
	maxIncluding  = 16   // files one in the other, as libyara has it
	includeBorder = "\x00"
)

// includeStatement finds more than libyara does, in comments for instance: what is not asked for does no harm.
var includeStatement = regexp.MustCompile(`\binclude[ \t]+"([^"\r\n]+)"`)

// inclusion is a file in which include statements stand.
type inclusion struct {
	at      string // its path below the root, with slashes
	written string // as the statement that included it has it, "" for the file itself
	depth   int
}

// includeKey names a file by the statement that includes it: libyara knows no more of the place where that stands.
func includeKey(including, name string) string { return including + includeBorder + name }

// include reads the files that a text includes, and those that they include. Only files below the root are.
func (l *library) include(root *os.Root, f *file, text []byte, in inclusion) {
	for _, m := range includeStatement.FindAllSubmatch(text, -1) {
		name := string(m[1])
		target := path.Join(path.Dir(in.at), name)
		content, err := l.included(root, f, in, name, target)
		if err != nil {
			f.refuse(name, causeOf(err))
		}
		if content == nil {
			continue
		}
		l.include(root, f, content, inclusion{target, name, in.depth + 1})
	}
}

// included reads one file that is included. It returns nil where that has been done before.
func (l *library) included(root *os.Root, f *file, in inclusion, name, target string) ([]byte, error) {
	switch {
	case path.IsAbs(name) || !filepath.IsLocal(target):
		return nil, errors.New("it lies outside of the directory of the rules")
	case in.depth >= maxIncluding || len(f.includes) >= maxIncludes:
		return nil, errors.New("too many files include each other")
	}
	r, err := root.Open(filepath.FromSlash(target))
	if err != nil {
		return nil, err
	}
	defer r.Close()
	content, err := l.content(r)
	if err != nil {
		return nil, err
	}
	key := includeKey(in.written, name)
	if before, ok := f.targets[key]; ok {
		if before != target {
			delete(f.includes, key)
			return nil, errors.New("two files are included by this name from directories of their own: name them by different paths")
		}
		return nil, nil
	}
	if f.includes == nil {
		f.includes, f.targets = map[string][]byte{}, map[string]string{}
	}
	f.includes[key], f.targets[key] = content, target
	return content, nil
}

func (f *file) refuse(name, reason string) {
	if f.refused == nil {
		f.refused = map[string]string{}
	}
	f.refused[name] = reason
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
