package pam

import (
	"path"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/facts"
)

const (
	maxIncludes = 32 // below each other, as Linux-PAM has it
	maxLevels   = 16 // of substacks
)

// step is one place in a stack: a module, or the head of a substack.
type step struct {
	rule  facts.PAMRule
	level int
	head  bool // of a substack, which counts as one module in jumps
}

// builder puts a stack together.
type builder struct {
	r      *reader
	typ    string
	steps  []step
	broken bool
}

// file adds the rules of a file, with what it includes in its place. @include and include make them part of this stack,
// substack makes them a stack of their own level.
func (b *builder) file(f *file, depth, level int, via []string) {
	b.broken = b.broken || f.broken
	for _, l := range f.lines {
		if l.typ != "" && l.typ != b.typ {
			continue
		}
		if b.r.total >= maxTotal || len(b.steps) >= maxRules {
			b.fail(l, binread.Limit("more than %d rules in one stack, or %d in all", maxRules, maxTotal))
			return
		}
		b.r.total++
		if l.control != "include" && l.control != "substack" {
			b.steps = append(b.steps, step{rule: rule(l, level, via), level: level})
			continue
		}
		next := level
		if l.control == "substack" {
			b.steps = append(b.steps, step{level: level, head: true})
			next++
		}
		if depth+1 > maxIncludes || next > maxLevels {
			b.fail(l, binread.Limit("more than %d includes or %d substacks below each other", maxIncludes, maxLevels))
			return
		}
		included := b.r.load(l.module)
		if included == nil {
			b.broken = true
			continue
		}
		b.file(included, depth+1, next, append(slices.Clip(via), l.module))
		if b.broken && len(b.steps) >= maxRules {
			return
		}
	}
}

// fail tells what keeps a stack from being complete, once.
func (b *builder) fail(l line, err error) {
	if !b.broken {
		b.r.s.Problem(l.source.Path, l.source.Line, err)
	}
	b.broken = true
}

func rule(l line, level int, via []string) facts.PAMRule {
	_, jumps, _ := actions(l.control) // parseLine has refused those with an error
	r := facts.PAMRule{
		Control: l.control, Jump: jumps, Module: path.Base(l.module), Path: l.module, Args: l.args, Options: map[string]string{}, Optional: l.optional,
		Via: slices.Clone(via), Substack: level, Source: l.source,
	}
	if r.Via == nil {
		r.Via = []string{}
	}
	if r.Args == nil {
		r.Args = []string{}
	}
	for _, a := range l.args {
		name, value, _ := strings.Cut(a, "=")
		r.Options[name] = value
	}
	return r
}

// rules marks what can be reached and returns the modules.
func (b *builder) rules() []facts.PAMRule {
	reached := reach(b.steps)
	granted := grants(b.steps)
	rules := []facts.PAMRule{}
	for i, s := range b.steps {
		if !s.head {
			s.rule.Reachable, s.rule.Grants = reached[i], granted[i]
			rules = append(rules, s.rule)
		}
	}
	return rules
}

// impression is what the modules so far amount to (_pam_dispatch_aux in Linux-PAM's pam_dispatch.c).
type impression int

const (
	undefined impression = iota
	positive
	negative
)

// place is a step with the impression before it.
type place struct {
	at   int
	mind impression
}

// reach returns which steps some outcome of the modules before them leads to.
func reach(steps []step) []bool {
	reached := make([]bool, len(steps))
	seen := map[place]bool{}
	todo := []place{{0, undefined}}
	for len(todo) > 0 {
		p := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if p.at >= len(steps) || seen[p] {
			continue
		}
		seen[p], reached[p.at] = true, true
		s := steps[p.at]
		if s.head {
			todo = append(todo, place{p.at + 1, p.mind})
			continue
		}
		for _, o := range outcomes(s.rule) {
			todo = append(todo, after(steps, p, o))
		}
	}
	return reached
}

// outcome is an action that can follow a module, and whether its return value was success.
type outcome struct {
	action
	success bool
}

// denials are what pam_deny returns in the stacks, each of which is by its default where the control has no such value.
var denials = []string{"default", "auth_err", "cred_err", "acct_expired", "authtok_err", "session_err"}

// outcomes returns what can follow a module: all that its control names, but pam_permit and pam_deny do one thing.
func outcomes(r facts.PAMRule) []outcome {
	all, _, err := actions(r.Control)
	if err != nil {
		return nil
	}
	success, ok := all["success"]
	if !ok {
		success = all["default"]
	}
	var out []outcome
	if r.Module != "pam_deny.so" {
		out = append(out, outcome{success, true})
	}
	if r.Module == "pam_permit.so" {
		return out
	}
	for value, a := range all {
		if value != "success" && (r.Module != "pam_deny.so" || slices.Contains(denials, value)) {
			out = append(out, outcome{a, false})
		}
	}
	return out
}

func after(steps []step, p place, o outcome) place {
	next := place{p.at + 1, p.mind}
	switch o.name {
	case "reset":
		next.mind = undefined
	case "ok", "done":
		if p.mind == undefined {
			next.mind = positive
		}
		if o.name == "done" && next.mind == positive {
			next.at = leave(steps, p.at)
		}
	case "bad":
		next.mind = negative
	case "die":
		next = place{leave(steps, p.at), negative}
	case "jump":
		next.at = jump(steps, p.at, o.jump)
	}
	return next
}

// leave returns the step after the substack that at is in, or the end.
func leave(steps []step, at int) int {
	level := steps[at].level
	if level == 0 {
		return len(steps)
	}
	for at++; at < len(steps) && steps[at].level >= level; at++ {
	}
	return at
}

// jump returns the step n modules behind the next one; a substack with all that is in it counts as one.
func jump(steps []step, at, n int) int {
	level := steps[at].level
	for at++; n > 0 && at < len(steps); n-- {
		for at++; at < len(steps) && steps[at].level > level; at++ {
		}
	}
	return at
}
