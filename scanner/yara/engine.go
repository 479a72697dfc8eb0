//go:build linux && cgo && !noyara

package yara

/*
#include <yara.h>
*/
import "C"

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/fxamacker/cbor/v2"

	"github.com/guestctl/guestctl/scanner"
)

// Version is the version of libyara, "" in a build without it.
const Version = C.YR_VERSION

// Engine is a collection of compiled rules.
type Engine struct {
	sets     []*set
	classes  map[scanner.Class]int // the set for each class that has rules
	problems Problems
	notes    Problems
	digest   string
	rules    int
	timeout  time.Duration
	job      *os.File // what workers start with
	deaths   atomic.Int32

	mu       sync.Mutex
	warnings []string
}

// set is the rules for some classes of files.
type set struct {
	Rules []byte // as libyara writes them; nil when they are in the job of the workers
	Table []rule
	Files []int // that the rules are from

	matches   []scanner.Match // of each rule in the table
	variables []variable      // that the rules may look at
	key       string          // "" for rules that look at the clock
}

// Load reads and compiles rules. Files that cannot be used are left out: see Problems.
func Load(ctx context.Context, opts Options) (*Engine, error) {
	l, err := read(opts)
	if err != nil {
		return nil, err
	}
	c, err := compiled(ctx, l.files, opts.CacheDir)
	if err != nil {
		return nil, fmt.Errorf("rules: %w", err)
	}
	e := &Engine{classes: c.Classes, timeout: opts.timeout(), problems: l.problems, digest: digestOf(l.files)}
	for _, m := range c.Failed {
		e.problems = append(e.problems, m.problem(l.files))
	}
	for _, m := range c.Notes {
		e.notes = append(e.notes, m.problem(l.files))
	}
	if c.warning != "" {
		e.warn(c.warning)
	}
	slices.SortStableFunc(e.problems, compareProblems)
	if opts.Strict && len(e.problems) > 0 {
		return nil, e.problems
	}
	if len(c.Sets) == 0 {
		return nil, errors.Join(errors.New("rules: there are none that can be used"), e.problems.orNil())
	}
	for _, p := range e.problems {
		e.warn("rules left out: " + p.String())
	}
	if err := e.prepare(c.Sets, l.files); err != nil {
		return nil, err
	}
	e.warnOfEmpty(l.files, c.Failed)
	if e.rules == 0 {
		return nil, errors.Join(errors.New("rules: there are none in what was named"), e.problems.orNil(), e.job.Close())
	}
	return e, nil
}

// warnOfEmpty names the files of the user that have no rule.
func (e *Engine) warnOfEmpty(files []file, failed []remark) {
	told := map[int]bool{}
	for _, m := range failed {
		told[m.File] = true
	}
	for _, s := range e.sets {
		for _, r := range s.Table {
			told[r.File] = true
		}
	}
	for i, f := range files {
		if !strings.HasPrefix(f.path, "builtin:") && !told[i] {
			e.warn(f.path + ": no rule in it")
		}
	}
}

// prepare makes sets ready for use, and the job of the workers of them.
func (e *Engine) prepare(sets []*set, files []file) error {
	// The time of libyara ends before that of the worker, which costs a new start.
	job := scanJob{Seconds: int((e.timeout - time.Second) / time.Second)}
	counted := map[string]bool{}
	for _, s := range sets {
		s.prepare(files)
		var names []string
		for _, v := range s.variables {
			names = append(names, v.name)
		}
		job.Sets = append(job.Sets, scanSet{s.Rules, names})
		for _, r := range s.Table {
			counted[fmt.Sprintf("%d:%s", r.File, r.Name)] = true
		}
	}
	e.sets, e.rules = sets, len(counted)
	body, err := cbor.Marshal(job)
	if err != nil {
		return err
	}
	for _, s := range sets {
		s.Rules = nil
	}
	e.job, err = sealed(body)
	return err
}

// prepare computes what is the same for every file.
func (s *set) prepare(files []file) {
	for i := range s.Table {
		s.matches = append(s.matches, s.Table[i].match(files[s.Table[i].File].name))
	}
	h := sha256.New()
	clock := false
	for _, i := range s.Files {
		sum := files[i].digest()
		h.Write(sum[:])
		clock = clock || files[i].mentions(importsTime.Match)
	}
	for _, v := range variables() {
		word := func(text []byte) bool { return hasWord(text, v.name) }
		if slices.ContainsFunc(s.Files, func(i int) bool { return files[i].mentions(word) }) {
			s.variables = append(s.variables, v)
		}
	}
	if !clock {
		s.key = hex.EncodeToString(h.Sum(nil))
	}
}

// Rules are the names of the rules whose matches are told, sorted.
func (e *Engine) Rules() []string {
	var names []string
	for _, s := range e.sets {
		for i := range s.Table {
			if !s.Table[i].Private {
				names = append(names, s.Table[i].Name)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Problems are the files of rules that were left out, and why.
func (e *Engine) Problems() Problems { return slices.Clone(e.problems) }

// Notes are what the compiler remarks on rules that it takes, such as on slow ones.
func (e *Engine) Notes() Problems { return slices.Clone(e.notes) }

// Close frees the rules. Sessions that are open go on.
func (e *Engine) Close() error { return e.job.Close() }

// Describe says which rules are used.
func (e *Engine) Describe() scanner.Description {
	e.mu.Lock()
	defer e.mu.Unlock()
	return scanner.Description{Name: Name, Version: Version, Rules: e.rules, Digest: e.digest, Warnings: slices.Clone(e.warnings)}
}

// warn adds a warning, once.
func (e *Engine) warn(text string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if text != "" && !slices.Contains(e.warnings, text) {
		e.warnings = append(e.warnings, text)
	}
}

// keyVersion changes when the same rules find something else in the same file.
const keyVersion = "1"

// Key names the rules for the class of the object, and what of the object they may look at beside its content. Members of an
// archive, or of one at the end of a program, may be of any class.
func (e *Engine) Key(o *scanner.Object) string {
	var b strings.Builder
	b.WriteString(keyVersion + " " + Version)
	for number, s := range e.sets {
		own, ok := e.classes[o.Class]
		if !o.Holds && (!ok || own != number) {
			continue
		}
		if s.key == "" {
			return ""
		}
		b.WriteString(" " + s.key)
		for _, v := range s.variables {
			_, _ = fmt.Fprintf(&b, " %q", v.of(o))
		}
	}
	return b.String()
}

func digestOf(files []file) string {
	h := sha256.New()
	for i := range files {
		sum := files[i].digest()
		h.Write(sum[:])
	}
	return hex.EncodeToString(h.Sum(nil))
}

func compareProblems(a, b Problem) int {
	if a.File != b.File {
		return strings.Compare(a.File, b.File)
	}
	return a.Line - b.Line
}

// orNil is an error only where there are problems.
func (p Problems) orNil() error {
	if len(p) == 0 {
		return nil
	}
	return p
}
