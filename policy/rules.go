package policy

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/finding"
	"github.com/guestctl/guestctl/internal/nearest"
	"github.com/guestctl/guestctl/policy/rego"
)

// rules is the part of a policy that is written in Rego: what the files of a policy ask for, put together while they are merged.
type rules struct {
	builtin  *rego.Program   // read when the first file asks for it
	programs []*rego.Program // of the user
	params   map[string]map[string]param
}

// param is a value that a baseline gives to a parameter of a check.
type param struct {
	value any
	src   *source
	n     *node
}

// pick is a pattern of built-in checks in a baseline.
type pick struct {
	pattern string
	at      int
}

// builtinChecks reads rego.builtin.
func builtinChecks(c *compiler, n *node) {
	for _, t := range c.texts(n) {
		if _, err := path.Match(t.text, ""); err != nil {
			c.fail(t.at, "%q is no pattern: %v", t.text, err)
			continue
		}
		c.picks = append(c.picks, pick{t.text, t.at})
	}
}

// regoDirs reads rego.dirs: folders and files with Rego, seen from the baseline.
func regoDirs(c *compiler, n *node) {
	for _, t := range c.texts(n) {
		name := t.text
		if !filepath.IsAbs(name) {
			name = filepath.Join(filepath.Dir(c.src.name), name)
		}
		c.dirs = append(c.dirs, textAt{name, t.at})
	}
}

// params reads one table of [params]: the values for the parameters of one check.
func params(c *compiler, n *node) {
	if !c.wantKind(n, kindTable) {
		return
	}
	for _, name := range n.keys {
		if c.params == nil {
			c.params = map[string]map[string]param{}
		}
		if c.params[n.name] == nil {
			c.params[n.name] = map[string]param{}
		}
		c.params[n.name][name] = param{n.table[name].plain(), c.src, n.table[name]}
	}
}

// plain is the value as Rego has it.
func (n *node) plain() any {
	switch {
	case n.table != nil:
		m := map[string]any{}
		for name, v := range n.table {
			m[name] = v.plain()
		}
		return m
	case n.list != nil:
		list := make([]any, len(n.list))
		for i, v := range n.list {
			list[i] = v.plain()
		}
		return list
	}
	switch v := n.value.(type) {
	case string, int64, float64, bool:
		return v
	default: // a date
		return fmt.Sprint(v)
	}
}

// takeRules adds the checks in Rego that one file asks for.
func (l *loader) takeRules(checks map[string]Check, c *compiler) {
	for _, p := range c.picks {
		l.take(checks, c, p)
	}
	for _, dir := range c.dirs {
		program, err := rego.Load([]string{dir.text}, l.opts.PolicyKey)
		if err != nil {
			l.errs = append(l.errs, err)
			continue
		}
		l.takeProgram(checks, c, program)
	}
	for id, values := range c.params {
		if l.rules.params == nil {
			l.rules.params = map[string]map[string]param{}
		}
		if l.rules.params[id] == nil {
			l.rules.params[id] = map[string]param{}
		}
		maps.Copy(l.rules.params[id], values)
	}
}

// has reports whether the file has a check with the id.
func (c *compiler) has(id string) bool {
	_, ok := c.at[id]
	return ok
}

// take adds the built-in checks that match a pattern, within the level the file was named with.
func (l *loader) take(checks map[string]Check, c *compiler, p pick) {
	if l.rules.builtin == nil {
		program, err := rego.Builtin()
		if err != nil {
			l.errs = append(l.errs, err)
			return
		}
		l.rules.builtin = program
	}
	matched := false
	for _, r := range l.rules.builtin.Checks {
		ok, err := path.Match(p.pattern, r.ID)
		if err != nil || !ok {
			continue
		}
		matched = true
		have, taken := checks[r.ID]
		switch {
		case p.pattern == r.ID && taken && slices.Contains(c.skipped, r.ID):
			l.errs = append(l.errs, c.src.errorf(p.at, "check %s comes from another file, which skip does not change; disable takes it away", r.ID))
		case c.has(r.ID):
			l.errs = append(l.errs, c.src.errorf(p.at, "duplicate check %s, first at line %d; give that one another id", r.ID, c.src.line(c.at[r.ID])))
		case slices.Contains(c.skipped, r.ID) || c.level != "" && !r.In(c.level):
		case taken && have.rule != nil && have.rule != r:
			l.errs = append(l.errs, c.src.errorf(p.at, "duplicate check %s, first at %s:%d; give that one another id", r.ID, have.Position.File, have.Position.Line))
		default:
			checks[r.ID] = c.ruled(r)
		}
	}
	if !matched {
		err := c.src.errorf(p.at, "no built-in check %s", p.pattern)
		err.Suggestion = nearest.Word(p.pattern, idsOf(l.rules.builtin))
		l.errs = append(l.errs, err)
	}
}

func idsOf(p *rego.Program) []string {
	ids := make([]string, len(p.Checks))
	for i, c := range p.Checks {
		ids[i] = c.ID
	}
	return ids
}

// takeProgram adds all checks of a program of the user. Their ids must be new: nothing replaces a check in Rego by chance.
func (l *loader) takeProgram(checks map[string]Check, c *compiler, program *rego.Program) {
	l.rules.programs = append(l.rules.programs, program)
	for _, r := range program.Checks {
		if have, ok := checks[r.ID]; ok {
			l.errs = append(l.errs, &Error{
				File: r.Position.File, Line: r.Position.Line, Column: 1,
				Message: fmt.Sprintf("duplicate check %s, first at %s:%d; give one of them another id", r.ID, have.Position.File, have.Position.Line),
			})
			continue
		}
		checks[r.ID] = c.ruled(r)
	}
}

const (
	builtinRules = "rules/rego/" // where the files of the built-in checks are
	windowsRules = "windows-"    // what the ids of those for Windows begin with
)

// ruled makes a check of one in Rego. What is built in is about Linux, but for the checks of Windows.
func (c *compiler) ruled(r *rego.Check) Check {
	check := Check{
		ID: r.ID, Title: r.Title, Severity: r.Severity, Controls: r.Controls, Position: r.Position,
		Description: r.Description, References: r.References, Needs: r.Needs, Absent: r.Absent, Remedy: r.Fix, rule: r,
	}
	if strings.HasPrefix(r.Position.File, builtinRules) && !strings.HasPrefix(r.ID, windowsRules) {
		check.conditions = append(check.conditions, condition{unix: true})
	}
	if c != nil && c.header.appliesTo != nil {
		check.conditions = append(check.conditions, *c.header.appliesTo)
	}
	return check
}

// judges makes the judges of all programs, and compiles those that the user wrote, whose mistakes are mistakes of the policy.
func (l *loader) judges(checks map[string]Check) {
	values := l.paramValues(checks)
	baseline := l.merged()
	judges := map[*rego.Check]*rego.Judge{}
	if l.rules.builtin != nil {
		var selected []*rego.Check
		for _, r := range l.rules.builtin.Checks {
			if checks[r.ID].rule == r {
				selected = append(selected, r)
			}
		}
		j := l.rules.builtin.Judge(selected, values, baseline)
		for _, r := range selected {
			judges[r] = j
		}
	}
	for _, program := range l.rules.programs {
		j := program.Judge(program.Checks, values, baseline)
		if err := j.Compile(); err != nil {
			l.errs = append(l.errs, err)
		}
		for _, r := range program.Checks {
			judges[r] = j
		}
	}
	for id, check := range checks {
		if check.rule != nil {
			check.judge = judges[check.rule]
			checks[id] = check
		}
	}
}

// paramValues holds the given parameters against what the checks take. Those of checks that were not selected are mistakes too, since
// they change nothing.
func (l *loader) paramValues(checks map[string]Check) map[string]map[string]any {
	values := map[string]map[string]any{}
	for _, id := range slices.Sorted(maps.Keys(l.rules.params)) {
		check, ok := checks[id]
		for _, name := range slices.Sorted(maps.Keys(l.rules.params[id])) {
			p := l.rules.params[id][name]
			if !ok || check.rule == nil {
				err := p.src.errorf(p.n.key, "params.%s: no check %s takes parameters here", id, id)
				err.Suggestion = nearest.Word(id, ruledIDs(checks))
				l.errs = append(l.errs, err)
				break
			}
			want, known := check.rule.Params[name]
			switch {
			case !known:
				err := p.src.errorf(p.n.key, "check %s has no parameter %s", id, name)
				have := slices.Sorted(maps.Keys(check.rule.Params))
				if err.Suggestion = nearest.Word(name, have); err.Suggestion == "" {
					err.Message += ", it has " + strings.Join(have, ", ")
				}
				l.errs = append(l.errs, err)
			case !want.Accepts(p.value):
				l.errs = append(l.errs, p.src.errorf(p.n.at, "%s is %s, want %s", p.n.path, p.n.kind(), article(want.Type)))
			}
			if values[id] == nil {
				values[id] = map[string]any{}
			}
			values[id][name] = p.value
		}
	}
	return values
}

func article(word string) string {
	if word == "array" {
		return kindList
	}
	return "a " + word
}

func ruledIDs(checks map[string]Check) []string {
	var ids []string
	for id, c := range checks {
		if c.rule != nil && len(c.rule.Params) > 0 {
			ids = append(ids, id)
		}
	}
	return ids
}

// merged is what policies see as data.baseline: the tables of all files, later ones over earlier ones.
func (l *loader) merged() map[string]any {
	all := map[string]any{}
	for _, part := range l.parts {
		if m, ok := part.root.plain().(map[string]any); ok {
			all = overlay(all, m)
		}
	}
	return all
}

func overlay(under, over map[string]any) map[string]any {
	m := maps.Clone(under)
	for name, v := range over {
		a, isTable := m[name].(map[string]any)
		b, both := v.(map[string]any)
		if isTable && both {
			v = overlay(a, b)
		}
		m[name] = v
	}
	return m
}

// policies reads the policies that the user named beside the baselines.
func (l *loader) policies(checks map[string]Check) {
	if len(l.opts.Policies) == 0 {
		if l.opts.PolicyKey != "" && len(l.rules.programs) == 0 && len(l.errs) == 0 {
			l.errs = append(l.errs, errors.New("a key for policies, and no policy"))
		}
		return
	}
	program, err := rego.Load(l.opts.Policies, l.opts.PolicyKey)
	if err != nil {
		l.errs = append(l.errs, err)
		return
	}
	l.takeProgram(checks, nil, program)
}

// asking asks the checks of a policy of one document. Checks in Rego share what the document is to them.
type asking struct {
	ctx      context.Context
	doc      *facts.Document
	sessions map[*rego.Judge]*rego.Session
}

func (a *asking) eval(c *Check) Outcome {
	if c.rule == nil {
		return c.Eval(a.doc)
	}
	return a.session(c).Eval(c.rule)
}

// skip decides a check that is not for the guest although not all of its facts were read: those that tell so were.
func (a *asking) skip(c *Check) (Outcome, bool) {
	if c.rule == nil || len(c.rule.Applies) == 0 {
		return Outcome{}, false
	}
	for _, domain := range c.rule.Applies {
		if domain == domainFiles || domain == domainGlobs || domainProblem(a.doc, domain) != "" || a.doc.Collectors[domain].State != facts.OK {
			return Outcome{}, false
		}
	}
	return a.session(c).Skip(c.rule)
}

func (a *asking) session(c *Check) *rego.Session {
	s := a.sessions[c.judge]
	if s == nil {
		s = c.judge.Session(a.ctx, a.doc)
		a.sessions[c.judge] = s
	}
	return s
}

// builtinName takes "builtin:linux-server@cis-l1" apart.
func builtinName(name string) (file, level string, ok bool) {
	name, ok = strings.CutPrefix(name, builtin)
	file, level, _ = strings.Cut(name, "@")
	return file, level, ok
}

// remedy is what to do about a failing check: the words of the author of the baseline, of the outcome, or of the check.
func (c *Check) remedy(o Outcome) string {
	if o.Status != finding.Fail {
		return ""
	}
	return cmp.Or(c.Fix, o.Fix, c.Remedy)
}
