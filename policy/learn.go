package policy

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/finding"
)

// learnedLine is one key of a baseline with its value, or one entry of a list, that may hold for every guest of a lesson.
type learnedLine struct {
	table, key string // as TOML writes them
	value      string // of an entry: the entry
	entry      bool
	list       string // the value as a list, where it may be one
	evidence   string // what it was learned from; "" is what the check itself says
}

// learner proposes the lines of some tables. What does not hold for every guest is left out later, by asking the checks
// themselves: a learner may propose too much, and never makes anything hold.
type learner struct {
	needs facts.Request
	learn func(ctx context.Context, l *lesson) ([]learnedLine, error)
}

// lesson is the guests to learn from.
type lesson struct {
	names []string
	docs  []*facts.Document
	// left says what was left out, and why.
	left []string
}

// learners lists what a baseline is learned from, in the order of the baseline.
func learners() []learner {
	return []learner{
		systemLearner(),
		holdsLearner(),
		repositoriesLearner(),
		packagesLearner(),
		permissionsLearner(),
		checksumsLearner(),
		walkLearner(),
		sshdLearner(),
		sysctlLearner(),
		sudoLearner(),
		pamLearner(),
		keysLearner("config.login_defs", "login_defs", func(doc *facts.Document) map[string]*facts.Value[string] {
			return valuesOf[facts.LoginDefs](doc, "login_defs")
		}),
		keysLearner("config.auditd", "auditd", func(doc *facts.Document) map[string]*facts.Value[string] {
			return valuesOf[facts.Auditd](doc, "auditd")
		}),
		systemdLearner("journald"),
		systemdLearner("coredump"),
		systemdLearner("timesyncd"),
		systemdLearner("logind"),
		systemdLearner("resolved"),
		servicesLearner(),
		usersLearner(),
		groupsLearner(),
		kernelLearner(),
		storageLearner(),
		firewallLearner(),
	}
}

// LearnGlobs returns the facts that LearnRequest needs.
func LearnGlobs() facts.Request {
	r := facts.Request{Domains: []string{domainOS}}
	for _, path := range learnedFiles() {
		r.AddFile(path, facts.FileRequest{})
	}
	r.Files = nil
	return r
}

// LearnRequest returns the facts that Learn needs of guests of which those of LearnGlobs are known.
func LearnRequest(docs []*facts.Document) facts.Request {
	r := LearnGlobs()
	for _, one := range learners() {
		r = r.Merge(one.needs)
	}
	l := &lesson{docs: docs}
	for _, path := range l.files(learnedFiles()) {
		r.AddFile(path, facts.FileRequest{Digests: []string{learnedDigest}})
	}
	return r
}

// Learn writes a baseline of what two or more guests have in common. Every line has its evidence behind it, in the first of
// the guests; names are what the guests are called in the comments. All of the guests satisfy the baseline, which is proved
// before it is returned.
func Learn(ctx context.Context, names []string, docs []*facts.Document) ([]byte, error) {
	l := &lesson{names: names, docs: docs}
	var lines []learnedLine
	for _, one := range learners() {
		proposed, err := one.learn(ctx, l)
		if err != nil {
			return nil, err
		}
		lines = append(lines, proposed...)
	}
	lines, err := l.proven(ctx, lines)
	if err != nil {
		return nil, err
	}
	if len(docs) < 2 {
		return nil, errors.New("what changes from guest to guest cannot be told from one of them: want two or more")
	}
	if len(lines) == 0 {
		return nil, errors.New("the guests have nothing in common that could be learned")
	}
	raw, _ := l.write(lines, true)
	text, err := Format(learnedName, []byte(raw))
	if err != nil {
		return nil, err
	}
	return text, l.prove(ctx, text)
}

const (
	learnedName = "learned.toml"
	maxLeft     = 100 // notes of one baseline
)

// proven drops the lines that are not true of every guest, and gives the others their evidence.
func (l *lesson) proven(ctx context.Context, lines []learnedLine) ([]learnedLine, error) {
	lines, findings, err := l.ask(ctx, lines)
	if err != nil {
		return nil, err
	}
	var kept []learnedLine
	for i, line := range lines {
		fs := findings[i]
		if !l.allPass(line, fs) {
			continue
		}
		if line.evidence == "" {
			line.evidence = evidence(line, fs[0])
		}
		kept = append(kept, line)
	}
	return kept, nil
}

// ask reads lines as a baseline and asks their checks of every guest: the findings of each line, one for each guest. Lines that
// make no baseline are left out.
func (l *lesson) ask(ctx context.Context, lines []learnedLine) ([]learnedLine, [][]finding.Finding, error) {
	for {
		text, at := l.write(lines, false)
		p, err := loadText(text)
		if err == nil {
			byLine := l.judge(ctx, p)
			findings := make([][]finding.Finding, len(lines))
			for i := range lines {
				if findings[i] = byLine[at[i].own]; findings[i] == nil {
					findings[i] = byLine[at[i].key] // one check of the whole list
				}
			}
			return lines, findings, nil
		}
		wrong := linesOf(err)
		var rest []learnedLine
		for i, line := range lines {
			if !wrong[at[i].own] {
				rest = append(rest, line)
			}
		}
		if len(rest) == len(lines) {
			return nil, nil, fmt.Errorf("what was learned is no baseline: %w", err)
		}
		lines = rest
	}
}

// linesOf lists the lines that errors of a baseline are about.
func linesOf(err error) map[int]bool {
	lines := map[int]bool{}
	errs := []error{err}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		errs = joined.Unwrap()
	}
	for _, one := range errs {
		var e *Error
		if errors.As(one, &e) {
			lines[e.Line] = true
		}
	}
	return lines
}

// allPass reports whether the check of a line passes on every guest. That it is unknown of one is noted, once for a table.
func (l *lesson) allPass(line learnedLine, fs []finding.Finding) bool {
	ok := len(fs) == len(l.docs)
	for i, f := range fs {
		if f.Status == finding.Unknown {
			l.leave("%s is not known of %s: %s", line.table, l.names[i], f.Message)
		}
		ok = ok && f.Status == finding.Pass
	}
	return ok
}

// leave notes what is left out.
func (l *lesson) leave(format string, args ...any) {
	words := fmt.Sprintf(format, args...)
	if !slices.Contains(l.left, words) && len(l.left) < maxLeft {
		l.left = append(l.left, words)
	}
}

// judge asks the checks of a policy of every guest, and returns the findings by the line that each check stands on.
func (l *lesson) judge(ctx context.Context, p *Policy) map[int][]finding.Finding {
	byLine := map[int][]finding.Finding{}
	for _, doc := range l.docs {
		for _, f := range p.Judge(ctx, doc) {
			byLine[f.Policy.Line] = append(byLine[f.Policy.Line], f)
		}
	}
	return byLine
}

// prove holds the guests against what was learned from them.
func (l *lesson) prove(ctx context.Context, text []byte) error {
	p, err := loadText(string(text))
	if err != nil {
		return fmt.Errorf("what was learned is no baseline: %w", err)
	}
	for i, doc := range l.docs {
		for _, f := range p.Judge(ctx, doc) {
			if f.Status != finding.Pass {
				return fmt.Errorf("%s was learned and is %s on %s: %s", f.ID, f.Status, l.names[i], f.Message)
			}
		}
	}
	return nil
}

// evidence says what a line was learned from: the place that decides, and what is there where the line does not say it.
func evidence(line learnedLine, f finding.Finding) string {
	place := ""
	for _, w := range f.Where {
		at := w.Path
		if w.Line > 0 {
			at = fmt.Sprintf("%s:%d", w.Path, w.Line)
		}
		if place == "" || w.Note == "" || w.Note == "wins" {
			place = at
		}
	}
	switch {
	case place == "":
		return f.Message
	case line.entry && f.Actual != "":
		return f.Actual + ", " + place
	}
	return place
}

// loadText reads a baseline that is in no file.
func loadText(text string) (*Policy, error) {
	src, root, err := parse(learnedName, []byte(text))
	if err != nil {
		return nil, err
	}
	l := &loader{parts: []*document{{src: src, root: root}}, opts: Options{AllowEmpty: true}, state: map[string]bool{}}
	return l.policy([]string{learnedName})
}

// same reports whether get gives one value for all guests, and returns it.
func same[T comparable](l *lesson, get func(doc *facts.Document) (T, bool)) (value T, ok bool) {
	for i, doc := range l.docs {
		v, ok := get(doc)
		if !ok || i > 0 && v != value {
			return value, false
		}
		value = v
	}
	return value, true
}

// common returns the names that every guest has, in order.
func (l *lesson) common(names func(doc *facts.Document) []string) []string {
	count := map[string]int{}
	for _, doc := range l.docs {
		all := names(doc)
		slices.Sort(all)
		for _, name := range slices.Compact(all) {
			count[name]++
		}
	}
	maps.DeleteFunc(count, func(_ string, n int) bool { return n < len(l.docs) })
	return slices.Sorted(maps.Keys(count))
}
