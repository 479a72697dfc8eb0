package rego

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/guestctl/guestctl/finding"
)

const (
	maxTries    = 20_000 // changes of the facts that are tried for one check
	maxElements = 32     // of one list or map that are changed
)

// Proof says whether a check can fail.
type Proof struct {
	Check *Check
	// Change is a change of facts on which the check passes that makes it fail: `sshd.effective.permitrootlogin.value: "no" → "yes"`.
	Change string
	// Wrong says why there is none: a check that cannot fail, or no facts to start from.
	Wrong string
}

// Prove looks for each check for one change of facts that makes it fail. It begins with what the test beside the check calls "pass",
// changes one value after the other, and then tries the differences to what the test calls "fail".
func (p *Program) Prove(ctx context.Context) ([]Proof, error) {
	cases, err := p.cases(ctx)
	if err != nil {
		return nil, err
	}
	j := p.Judge(p.Checks, nil, nil)
	if err := j.Compile(); err != nil {
		return nil, err
	}
	proofs := make([]Proof, 0, len(p.Checks))
	for _, c := range p.Checks {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		proof := Proof{Check: c}
		proof.Change, proof.Wrong = j.prove(ctx, c, cases[c])
		proofs = append(proofs, proof)
	}
	return proofs, nil
}

// example is the facts that the test of a check gives for its outcomes. Absent is a guest that it is not about.
type example struct{ pass, fail, absent map[string]any }

// cases reads the rules pass, fail and absent of the packages of tests.
func (p *Program) cases(ctx context.Context) (map[*Check]example, error) {
	modules, err := p.withTests()
	if err != nil {
		return nil, err
	}
	all := &Program{Checks: p.Checks, modules: modules, data: p.data, builtin: true, types: p.types}
	j := all.Judge(p.Checks, nil, nil)
	compiler, err := j.compile()
	if err != nil {
		return nil, err
	}
	q := &query{session: j.SessionOf(ctx, nil), compiler: compiler, input: ast.NewTerm(ast.NewObject())}
	defer q.watch()()
	cases := map[*Check]example{}
	for _, c := range p.Checks {
		tests := &Check{Package: slices.Clone(c.Package)}
		tests.Package[len(tests.Package)-1] += "_test"
		var e example
		for name, into := range map[string]*map[string]any{"pass": &e.pass, "fail": &e.fail, "absent": &e.absent} {
			v, err := q.ask(tests.ref(name))
			if err != nil {
				return nil, err
			}
			if v == nil {
				continue
			}
			x, err := ast.JSON(v)
			if err != nil {
				return nil, err
			}
			*into, _ = x.(map[string]any)
		}
		cases[c] = e
	}
	return cases, nil
}

// prove returns the change that makes a check fail, or why there is none.
func (j *Judge) prove(ctx context.Context, c *Check, e example) (change, wrong string) {
	if e.pass == nil {
		return "", "has no facts called pass in its test to start from"
	}
	status := func(input map[string]any) finding.Status { return j.SessionOf(ctx, input).judgeInput(c, input).Status }
	for _, given := range []struct {
		name  string
		input map[string]any
		want  finding.Status
	}{{"pass", e.pass, finding.Pass}, {"fail", e.fail, finding.Fail}, {"absent", e.absent, finding.NotApplicable}} {
		if given.input == nil {
			continue
		}
		if got := j.SessionOf(ctx, given.input).judgeInput(c, given.input); got.Status != given.want {
			return "", fmt.Sprintf("is %s on the facts that its test calls %s: %s", got.Status, given.name, got.Message)
		}
	}
	tries := 0
	Changes(e.pass, func(text string, input map[string]any) bool {
		tries++
		if status(input) == finding.Fail {
			change = text
		}
		return change == "" && tries < maxTries && ctx.Err() == nil
	})
	if change != "" || e.fail == nil {
		return change, cannotFail(change, tries)
	}
	transplants(e.pass, e.fail, func(text string, input map[string]any) bool {
		tries++
		if status(input) == finding.Fail {
			change = text
		}
		return change == ""
	})
	return change, cannotFail(change, tries)
}

func cannotFail(change string, tries int) string {
	if change != "" {
		return ""
	}
	return fmt.Sprintf("cannot fail: none of %d changes of the facts makes it", tries)
}

// judgeInput judges plain facts: a domain that the check needs and that is not there makes it unknown, as the gate of real facts does.
func (s *Session) judgeInput(c *Check, input map[string]any) finding.Outcome {
	for _, domain := range c.Needs.Domains {
		if input[domain] == nil && !slices.Contains(c.Absent, domain) {
			return finding.Outcome{Status: finding.Unknown, Message: domain + ": not among the facts"}
		}
	}
	return s.Eval(c)
}

// Changes calls visit with each input that differs from the given one in one value, until visit returns false: other texts and numbers,
// flags turned over, members of lists and maps removed and added. The inputs share what they have in common.
func Changes(input map[string]any, visit func(text string, changed map[string]any) bool) {
	c, types := changer{others}, documentType()
	for _, key := range slices.Sorted(maps.Keys(input)) {
		more := c.change(key, types[key], input[key], func(text string, v any) bool {
			m := maps.Clone(input)
			m[key] = v
			return visit(text, m)
		})
		if !more {
			return
		}
	}
}

// changer makes one change after the other: values are what may stand in the place of one that is no list or map.
type changer struct{ values func(v any) []any }

// change calls visit with other values for v, which stands at the path and has the type t, nil when that is not known.
func (c changer) change(path string, t reflect.Type, v any, visit func(text string, v any) bool) bool {
	switch v := v.(type) {
	case map[string]any:
		return c.changeMap(path, t, v, visit)
	case []any:
		return c.changeList(path, t, v, visit)
	}
	for _, other := range c.values(v) {
		if !visit(fmt.Sprintf("%s: %s → %s", path, shown(v), shown(other)), other) {
			return false
		}
	}
	return true
}

func (c changer) changeMap(path string, t reflect.Type, v map[string]any, visit func(string, any) bool) bool {
	keys := slices.Sorted(maps.Keys(v))
	keys = keys[:min(len(keys), maxElements)]
	for _, key := range keys {
		below := path + "." + key
		if !identifier(key) {
			below = path + "[" + strconv.Quote(key) + "]"
		}
		if !c.change(below, typeBelow(t, key), v[key], func(text string, x any) bool {
			m := maps.Clone(v)
			m[key] = x
			return visit(text, m)
		}) {
			return false
		}
	}
	if t != nil && elem(t) == nil {
		return true // of a structure: its fields are always there
	}
	for _, key := range keys {
		m := maps.Clone(v)
		delete(m, key)
		if !visit(fmt.Sprintf("%s: without %s", path, key), m) {
			return false
		}
	}
	return true
}

func (c changer) changeList(path string, t reflect.Type, v []any, visit func(string, any) bool) bool {
	for i := range v[:min(len(v), maxElements)] {
		if !c.change(fmt.Sprintf("%s[%d]", path, i), typeBelow(t, ""), v[i], func(text string, x any) bool {
			list := slices.Clone(v)
			list[i] = x
			return visit(text, list)
		}) || !visit(fmt.Sprintf("%s: without %s", path, shown(v[i])), slices.Delete(slices.Clone(v), i, i+1)) {
			return false
		}
	}
	var added any = "mutant"
	if len(v) > 0 {
		if _, isText := v[0].(string); !isText {
			added = v[0]
		}
	}
	return visit(fmt.Sprintf("%s: with %s added", path, shown(added)), append(slices.Clone(v), added))
}

// typeBelow is the type of a member, or nil when it is not known.
func typeBelow(t reflect.Type, name string) reflect.Type {
	if t == nil {
		return nil
	}
	below, _, ok := step(t, name)
	if !ok || below == nil || below.Kind() == reflect.Interface {
		return nil
	}
	return below
}

func identifier(s string) bool {
	for i, r := range s {
		letter := r == '_' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
		if !letter && (i == 0 || r < '0' || r > '9') {
			return false
		}
	}
	return s != ""
}

// others lists values that something else could have in the place of v.
func others(v any) []any {
	switch v := v.(type) {
	case bool:
		return []any{!v}
	case string:
		return []any{"mutant", "", "yes", "no", "0", "1", "99999", "0777", v + "x"}
	case nil:
		return []any{"mutant", true, json.Number("1"), map[string]any{}}
	default:
		return []any{json.Number("0"), json.Number("1"), json.Number("-1"), json.Number("99999"), nil}
	}
}

func shown(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	const most = 80
	if len(b) > most {
		return string(b[:most]) + "…"
	}
	return string(b)
}

// transplants calls visit with inputs in which one part of pass is replaced by what fail has in its place, large parts last.
func transplants(pass, fail map[string]any, visit func(text string, input map[string]any) bool) bool {
	return transplant("", pass, fail, func(text string, v any) bool {
		m, ok := v.(map[string]any)
		return !ok || visit(text, m)
	})
}

func transplant(path string, a, b any, visit func(text string, v any) bool) bool {
	x, isMap := a.(map[string]any)
	y, both := b.(map[string]any)
	if isMap && both {
		for _, key := range slices.Sorted(maps.Keys(y)) {
			if !transplant(join(path, key), x[key], y[key], func(text string, v any) bool {
				m := maps.Clone(x)
				m[key] = v
				return visit(text, m)
			}) {
				return false
			}
		}
	}
	if shown(a) == shown(b) && fmt.Sprint(a) == fmt.Sprint(b) {
		return true
	}
	return visit(fmt.Sprintf("%s: %s → %s", path, shown(a), shown(b)), b)
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}
