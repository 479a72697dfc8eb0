package rego

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/topdown"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/finding"
)

// Session asks the checks of a judge of one document. It is for one goroutine.
type Session struct {
	judge   *Judge
	ctx     context.Context
	facts   func(domain string) any
	domains map[string]ast.Value
	plain   map[string]any
}

// Session returns a session for a document. Its checks end with ctx.
func (j *Judge) Session(ctx context.Context, doc *facts.Document) *Session {
	return j.session(ctx, func(domain string) any {
		if domain == metaFacts {
			return plain(reflect.ValueOf(doc.Meta))
		}
		return Plain(doc, domain)
	})
}

// SessionOf returns a session for facts as policies see them, by their domains.
func (j *Judge) SessionOf(ctx context.Context, input map[string]any) *Session {
	return j.session(ctx, func(domain string) any { return input[domain] })
}

func (j *Judge) session(ctx context.Context, read func(string) any) *Session {
	return &Session{judge: j, ctx: ctx, facts: read, domains: map[string]ast.Value{}, plain: map[string]any{}}
}

// Eval asks one check. Whatever goes wrong in it makes it unknown: a broken check must neither pass nor hide another.
func (s *Session) Eval(c *Check) finding.Outcome {
	o, _, err := s.eval(c)
	if err != nil {
		return finding.Outcome{Status: finding.Unknown, Message: s.sentence(err)}
	}
	return o
}

// Skip returns the outcome of a check that is not for the guest, by nothing but the domains of Applies.
func (s *Session) Skip(c *Check) (finding.Outcome, bool) {
	compiler, err := s.judge.compile()
	if err != nil || !c.has("applicable") {
		return finding.Outcome{}, false // for Eval to tell
	}
	input, err := s.input(c)
	if err != nil {
		return finding.Outcome{}, false // for Eval to tell
	}
	q := &query{session: s, compiler: compiler, input: input}
	defer q.watch()()
	yes, err := q.ask(c.ref("applicable"))
	if err != nil || yes != nil && yes.Compare(ast.Boolean(true)) == 0 {
		return finding.Outcome{}, false
	}
	o, err := q.notApplicable(c)
	return o, err == nil
}

// eval asks one check and counts its findings.
func (s *Session) eval(c *Check) (o finding.Outcome, findings int, err error) {
	compiler, err := s.judge.compile()
	if err != nil {
		return o, 0, err
	}
	input, err := s.input(c)
	if err != nil {
		return o, 0, err
	}
	q := &query{session: s, compiler: compiler, input: input}
	defer q.watch()()
	if c.has("applicable") {
		yes, err := q.ask(c.ref("applicable"))
		if err != nil {
			return o, 0, err
		}
		if yes == nil || yes.Compare(ast.Boolean(true)) != 0 {
			o, err = q.notApplicable(c)
			return o, 0, err
		}
	}
	for _, path := range c.Paths {
		if s.at(path) == nil { // null is how the document says that something is not known
			return o, 0, fmt.Errorf("the facts do not tell %s", strings.Join(path, "."))
		}
	}
	if c.has("unknown") {
		reasons, err := q.list(c.ref("unknown"))
		if err != nil {
			return o, 0, err
		}
		if len(reasons) > 0 {
			o, err = unknownOutcome(reasons)
			return o, 0, err
		}
	}
	var found []ast.Value
	for _, rule := range c.Rules {
		list, err := q.list(c.ref(rule))
		if err != nil {
			return o, 0, err
		}
		found = append(found, list...)
	}
	o, err = outcome(c, found)
	return o, len(found), err
}

func (q *query) notApplicable(c *Check) (finding.Outcome, error) {
	o := finding.Outcome{Status: finding.NotApplicable, Message: "the guest has nothing that this check is about"}
	if !c.has("skip_reason") {
		return o, nil
	}
	reason, err := q.ask(c.ref("skip_reason"))
	if s, ok := reason.(ast.String); ok {
		o.Message = short(string(s))
	}
	return o, err
}

// domain returns a domain as Rego has it, and null where it was not collected: an absent one of a check that may do without.
func (s *Session) domain(name string) (ast.Value, error) {
	if v, ok := s.domains[name]; ok {
		return v, nil
	}
	var v ast.Value
	var err error
	if m, ok := s.native(name).(map[string]any); ok {
		v = ast.LazyObject(m)
	} else {
		v, err = ast.InterfaceToValue(s.native(name))
	}
	s.domains[name] = v
	return v, err
}

func (s *Session) native(name string) any {
	if v, ok := s.plain[name]; ok {
		return v
	}
	v := s.facts(name)
	s.plain[name] = v
	return v
}

// input is what one check sees: its domains, and of files and patterns its own.
func (s *Session) input(c *Check) (*ast.Term, error) {
	in := map[string]any{}
	for _, name := range append([]string{metaFacts}, c.Needs.Domains...) {
		v, err := s.domain(name)
		if err != nil {
			return nil, fmt.Errorf("input.%s: %w", name, err)
		}
		if v.Compare(ast.NullValue) != 0 {
			in[name] = v
		}
	}
	if len(c.Needs.Files) > 0 {
		in[filesDomain] = s.some(filesDomain, slices.Collect(maps.Keys(c.Needs.Files)))
	}
	if len(c.Needs.Globs) > 0 {
		in[globsDomain] = s.some(globsDomain, c.Needs.Globs)
	}
	return ast.NewTerm(ast.LazyObject(in)), nil
}

func (s *Session) some(domain string, keys []string) map[string]any {
	all, _ := s.native(domain).(map[string]any)
	own := map[string]any{}
	for _, key := range keys {
		if v, ok := all[key]; ok {
			own[key] = v
		}
	}
	return own
}

// sentence is what went wrong in an evaluation, for people.
func (s *Session) sentence(err error) string {
	var wrong *topdown.Error
	if !errors.As(err, &wrong) {
		return err.Error()
	}
	message := strings.Join(strings.Fields(wrong.Message), " ")
	if wrong.Location != nil {
		message = fmt.Sprintf("%s:%d: %s", wrong.Location.File, wrong.Location.Row, message)
	}
	return message
}

// query asks rules, within the limits of one check.
type query struct {
	session  *Session
	compiler *ast.Compiler
	input    *ast.Term
	cancel   topdown.Cancel
	spent    *spent
}

// ask returns the value of a rule, or nil where it has none.
func (q *query) ask(rule ast.Ref) (ast.Value, error) {
	body, err := q.body(rule)
	if err != nil {
		return nil, err
	}
	j := q.session.judge
	txn, err := j.store.NewTransaction(q.session.ctx)
	if err != nil {
		return nil, err
	}
	defer j.store.Abort(q.session.ctx, txn)
	results, err := topdown.NewQuery(body).WithCompiler(q.compiler).WithStore(j.store).WithTransaction(txn).WithInput(q.input).
		WithBuiltins(j.builtins).WithCancel(q.cancel).WithStrictBuiltinErrors(true).
		WithTime(time.Unix(0, 0)).WithSeed(strings.NewReader("")).Run(q.session.ctx)
	if limit := q.spent.reason(); limit != nil {
		return nil, limit
	}
	if err != nil || len(results) == 0 {
		return nil, err
	}
	return results[0][answer].Value, nil
}

const answer = ast.Var("answer")

// body is the compiled query for a rule, which is the same for all documents.
func (q *query) body(rule ast.Ref) (ast.Body, error) {
	key := rule.String()
	if b, ok := q.session.judge.queries.Load(key); ok {
		return b.(ast.Body), nil //nolint:errcheck // nothing else is stored
	}
	body := ast.NewBody(ast.Equality.Expr(ast.VarTerm(string(answer)), ast.NewTerm(rule)))
	compiled, err := q.compiler.QueryCompiler().Compile(body)
	if err != nil {
		return nil, faults(err)
	}
	q.session.judge.queries.Store(key, compiled)
	return compiled, nil
}

// list returns the members of a rule that is a set or a list, in their order.
func (q *query) list(rule ast.Ref) ([]ast.Value, error) {
	v, err := q.ask(rule)
	if err != nil || v == nil {
		return nil, err
	}
	var members []ast.Value
	switch v := v.(type) {
	case ast.Set:
		for _, t := range v.Slice() {
			members = append(members, t.Value)
		}
	case *ast.Array:
		v.Foreach(func(t *ast.Term) { members = append(members, t.Value) })
	case ast.Boolean: // deny if { … }
		if v {
			members = append(members, v)
		}
	default:
		return nil, fmt.Errorf("%s is %s, want a set of findings", rule, ast.ValueName(v))
	}
	return members, nil
}
