package policy

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/guestctl/guestctl/baselines"
	"github.com/guestctl/guestctl/internal/nearest"
	"github.com/guestctl/guestctl/policy/rego"
)

const (
	maxExtends    = 8      // files that extend each other
	maxFiles      = 64     // of one policy
	maxErrors     = 50     // reported of one policy
	maxChecks     = 20_000 // of one file
	maxList       = 1e6    // bytes of a list of packages beside a baseline
	builtin       = "builtin:"
	baselineTable = "baseline"
)

// Options changes how baselines are read.
type Options struct {
	// AllowEmpty accepts a policy without a single check.
	AllowEmpty bool
	// Policies are files, folders and bundles with Rego. PolicyKey is the file with the public key that must verify them, or "".
	Policies  []string
	PolicyKey string
	// Labels are what the user says of the images that are judged: conditions on labels go by them. A label that is not
	// given matches nothing.
	Labels map[string]string
	// Optional accepts that there is no file at all, where something else judges, too.
	Optional bool
	// Waivers are files that hold waivers and nothing else.
	Waivers []string
	// Now is the day from which waivers.max_days counts. Without it, every waiver is too long for a limit.
	Now time.Time
}

// Load reads baseline files in order and puts them together. An error about a file is an *Error, or several joined.
func Load(files []string, opts Options) (*Policy, error) {
	l := &loader{opts: opts, state: map[string]bool{}}
	for _, name := range files {
		if err := l.file(name, nil); err != nil {
			l.errs = append(l.errs, err)
		}
	}
	for _, name := range opts.Waivers {
		if err := l.waiverFile(name); err != nil {
			l.errs = append(l.errs, err)
		}
	}
	return l.policy(files)
}

// loader reads files and those they extend.
type loader struct {
	opts  Options
	state map[string]bool // by absolute path: false while what it extends is read, then true
	parts []*document
	errs  []error
	rules rules
	also  []string // texts that checks were made of beside the files themselves
	lists []Input  // the files of these texts
	// waivers of all files, in the order of these, and the rules for them.
	waivers     []readWaiver
	waiverRules waiverRules
	// incomplete is set when a file could not be read.
	incomplete bool
}

// document is one file that was read.
type document struct {
	src   *source
	root  *node
	level string // that built-in checks are limited to
	words []word // nil: the whole vocabulary
}

// file reads one file and, before it, those it extends. via are the files that led here.
func (l *loader) file(name string, via []string) error {
	abs, err := identity(name)
	if err != nil {
		return &Error{File: name, Message: err.Error()}
	}
	if done, seen := l.state[abs]; done {
		return nil
	} else if seen {
		return &Error{File: name, Message: "extends itself, by way of " + strings.Join(via, ", ")}
	}
	if len(l.state) >= maxFiles || len(via) > maxExtends {
		return &Error{File: name, Message: fmt.Sprintf("more than %d files that extend each other, or %d in all", maxExtends, maxFiles)}
	}
	l.state[abs] = false
	defer func() { l.state[abs] = true }()

	text, level, err := l.text(name)
	if err != nil {
		return err
	}
	src, root, err := parse(name, text)
	if err != nil {
		return err
	}
	for _, base := range extends(root) {
		if err := l.base(src, base, slices.Concat(via, []string{name})); err != nil {
			l.errs = append(l.errs, err)
		}
	}
	l.parts = append(l.parts, &document{src: src, root: root, level: level})
	return nil
}

// base reads a file that src extends. That it cannot be opened is an error of the line that names it.
func (l *loader) base(src *source, base textAt, via []string) error {
	name := base.text
	if !filepath.IsAbs(name) && !strings.HasPrefix(name, builtin) {
		name = filepath.Join(filepath.Dir(src.name), name)
	}
	err := l.file(name, via)
	var wrong *Error
	if errors.As(err, &wrong) && wrong.Line == 0 {
		err := src.errorf(base.at, "extends %s: %s", name, wrong.Message)
		err.Suggestion = wrong.Suggestion
		return err
	}
	return err
}

// identity names a file so that the same one is read once.
func identity(name string) (string, error) {
	if strings.HasPrefix(name, builtin) {
		return name, nil
	}
	return filepath.Abs(name)
}

// text reads a file of the user, or a built-in baseline with the level behind its name.
func (l *loader) text(name string) (text []byte, level string, err error) {
	file, level, ok := builtinName(name)
	if !ok {
		if text, err = readFile(name, maxSize); err != nil {
			return nil, "", &Error{File: name, Message: err.Error()}
		}
		return text, "", nil
	}
	if level != "" && !slices.Contains(rego.Levels(), level) {
		return nil, "", &Error{
			File: name, Message: "no level " + level + ", want " + listed(rego.Levels()), Suggestion: nearest.Word(level, rego.Levels()),
		}
	}
	if text, err = baselines.FS.ReadFile(file + ".toml"); err != nil {
		known := Builtins()
		return nil, "", &Error{File: name, Message: "no such built-in baseline, want " + listed(known), Suggestion: nearest.Word(builtin+file, known)}
	}
	return text, level, nil
}

// Builtins lists the built-in baselines: "builtin:linux-server".
func Builtins() []string {
	entries, err := baselines.FS.ReadDir(".")
	if err != nil {
		return nil // an embedded folder is always there
	}
	var names []string
	for _, e := range entries {
		names = append(names, builtin+strings.TrimSuffix(e.Name(), ".toml"))
	}
	return names
}

// extends returns the names in baseline.extends. Values of a wrong kind are refused by the compiler.
func extends(root *node) []textAt {
	header, ok := root.table[baselineTable]
	if !ok || header.table["extends"] == nil {
		return nil
	}
	var names []textAt
	for _, item := range header.table["extends"].list {
		if name, ok := item.value.(string); ok {
			names = append(names, textAt{name, item.at})
		}
	}
	return names
}

// readFile reads a file of the user's host, up to limit bytes.
func readFile(name string, limit int64) ([]byte, error) {
	f, err := os.Open(name)
	if err == nil {
		defer f.Close()
		var st fs.FileInfo
		if st, err = f.Stat(); err == nil && st.IsDir() {
			err = errors.New("is a directory, want a file")
		}
	}
	var b []byte
	if err == nil {
		b, err = io.ReadAll(io.LimitReader(f, limit+1))
	}
	var wrapped *fs.PathError
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, errors.New("no such file")
	case errors.As(err, &wrapped):
		return nil, wrapped.Err
	case err == nil && int64(len(b)) > limit:
		return nil, fmt.Errorf("more than %d bytes", limit)
	}
	return b, err
}

// policy compiles what was read and merges it.
func (l *loader) policy(files []string) (*Policy, error) {
	l.incomplete = len(l.errs) > 0
	vars := l.vars()
	p := &Policy{}
	checks := map[string]Check{}
	for _, part := range l.parts {
		c := &compiler{src: part.src, words: split(part.vocabulary()), labels: l.opts.Labels, incomplete: l.incomplete, level: part.level}
		c.substitute(part.root, nil, vars)
		c.compile(part.root)
		slices.SortStableFunc(c.errs, byPosition)
		l.errs = append(l.errs, c.errs...)
		l.merge(p, checks, c)
	}
	l.settleWaivers(p)
	l.policies(checks)
	l.judges(checks)
	p.Digest, p.inputs = l.digest(), l.inputs()
	p.Files = append(p.Files, l.opts.Policies...)
	p.Checks = slices.SortedFunc(maps.Values(checks), func(a, b Check) int { return cmp.Compare(a.ID, b.ID) })
	if len(files)+len(l.opts.Policies) == 0 && !l.opts.Optional {
		l.errs = append(l.errs, &Error{File: "baseline", Message: "no file was given"})
	}
	if len(l.errs) == 0 && len(p.Checks) == 0 && !l.opts.AllowEmpty {
		l.errs = append(l.errs, &Error{File: strings.Join(slices.Concat(files, l.opts.Policies), ", "), Message: "0 checks: nothing would be judged"})
	}
	if len(l.errs) > maxErrors {
		l.errs = l.errs[:maxErrors]
	}
	if err := errors.Join(l.errs...); err != nil {
		return nil, err
	}
	return p, nil
}

// digest is that of every byte and option the policy was made of. The day is none of it: a waiver that ends too late is an error, and
// what a judgement makes of the day is its own.
func (l *loader) digest() string {
	sum := sha256.New()
	opts := l.opts
	opts.Now = time.Time{}
	add := func(parts ...string) {
		for _, s := range parts {
			sum.Write(fmt.Appendf(nil, "%d %s\n", len(s), s))
		}
	}
	add(fmt.Sprintf("%#v", opts)) // in which maps are sorted
	for _, part := range l.parts {
		add(part.src.name, part.src.text, part.level)
	}
	add(l.also...)
	for _, program := range l.rules.programs {
		add(program.Digest())
	}
	return hex.EncodeToString(sum.Sum(nil))
}

func byPosition(a, b error) int {
	var x, y *Error
	if !errors.As(a, &x) || !errors.As(b, &y) {
		return 0
	}
	return cmp.Or(cmp.Compare(x.Line, y.Line), cmp.Compare(x.Column, y.Column))
}

// vars collects the variables of all files, later ones over earlier ones.
func (l *loader) vars() map[string]string {
	vars := map[string]string{}
	for _, part := range l.parts {
		table := part.root.table["vars"]
		if table == nil {
			continue
		}
		for _, name := range table.keys {
			n := table.table[name]
			s, ok := n.value.(string)
			switch {
			case !ok:
				l.errs = append(l.errs, part.src.errorf(n.at, "%s is %s, want %s", n.path, n.kind(), kindString))
			case strings.Contains(s, "${"):
				l.errs = append(l.errs, part.src.errorf(n.at, "%s has a variable in it, which is not replaced here", n.path))
			}
			vars[name] = s
		}
	}
	return vars
}

// merge puts the checks of one file over those of the files before it.
func (l *loader) merge(p *Policy, checks map[string]Check, c *compiler) {
	h := c.header
	p.ID, p.Title, p.Version = cmp.Or(h.id, p.ID), cmp.Or(h.title, p.Title), cmp.Or(h.version, p.Version)
	if h.frameworks != nil {
		p.Frameworks = h.frameworks
	}
	if h.minCoverage != nil {
		p.MinCoverage = *h.minCoverage
	}
	if h.appliesTo != nil {
		p.AppliesTo = h.appliesTo.text
	}
	p.Files = append(p.Files, c.src.name)
	p.Warnings = append(p.Warnings, c.warnings...)
	l.waivers = append(l.waivers, c.waivers...)
	l.waiverRules = l.waiverRules.over(c.waiverRules)
	for _, check := range c.checks {
		checks[check.ID] = check
	}
	l.also = append(l.also, c.also...)
	l.lists = append(l.lists, c.lists...)
	p.Malware = c.malware.over(p.Malware)
	p.Verify = c.verify.over(p.Verify, c.checks)
	p.Drift = c.drift.Over(p.Drift)
	p.Backup = c.backup.over(p.Backup)
	l.takeRules(checks, c)
	p.Disabled = slices.DeleteFunc(p.Disabled, func(d Disabled) bool {
		_, back := checks[d.ID]
		return back
	})
	for _, d := range c.disabled {
		if _, ok := checks[d.ID]; !ok && l.incomplete {
			continue
		} else if !ok {
			l.errs = append(l.errs, d.err(nearest.Word(d.ID, slices.Collect(maps.Keys(checks)))))
			continue
		}
		delete(checks, d.ID)
		p.Disabled = append(p.Disabled, d.Disabled)
	}
}
