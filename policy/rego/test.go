package rego

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
	"github.com/open-policy-agent/opa/v1/tester"

	"github.com/guestctl/guestctl/finding"
)

// TestResult is what one test of a policy came to. Message is "" for a test that passed.
type TestResult struct {
	Name     string
	Position finding.Position
	Message  string
}

// Test runs the rules called test_… of the files whose names end with _test.rego. Parameters have their defaults. The error is a
// mistake in the policy or its tests.
func (p *Program) Test(ctx context.Context) ([]TestResult, error) { return p.test(ctx, p.runner()) }

func (p *Program) test(ctx context.Context, runner *tester.Runner) ([]TestResult, error) {
	modules, err := p.withTests()
	if err != nil {
		return nil, err
	}
	results, err := runner.SetModules(modules).RunTests(ctx, nil)
	if err != nil {
		return nil, faults(err)
	}
	var all []TestResult
	for r := range results {
		t := TestResult{Name: r.Package + "." + r.Name, Position: finding.Position{File: r.Location.File, Line: r.Location.Row}}
		switch {
		case r.Error != nil:
			t.Message = r.Error.Error()
		case r.Skip:
			t.Message = "is skipped"
		case r.Fail:
			t.Message = "failed"
		}
		all = append(all, t)
	}
	slices.SortFunc(all, func(a, b TestResult) int {
		return cmp.Or(cmp.Compare(a.Position.File, b.Position.File), cmp.Compare(a.Position.Line, b.Position.Line), cmp.Compare(a.Name, b.Name))
	})
	return all, nil
}

// withTests returns the modules of the program and of its tests, with the library.
func (p *Program) withTests() (map[string]*ast.Module, error) {
	modules := map[string]*ast.Module{}
	if !p.builtin {
		lib, err := library()
		if err != nil {
			return nil, err
		}
		maps.Copy(modules, lib)
	}
	for _, some := range []map[string]*ast.Module{p.modules, p.tests} {
		for name, m := range some {
			modules[name] = m.Copy()
		}
	}
	return modules, nil
}

func (p *Program) runner() *tester.Runner {
	data := maps.Clone(p.data)
	if data == nil {
		data = map[string]any{}
	}
	data["guestctl"] = map[string]any{"params": paramsOf(p.Checks, nil)}
	var custom []*tester.Builtin
	for _, f := range functions() {
		custom = append(custom, &tester.Builtin{Decl: f.Decl, Func: rego.FunctionDyn(
			&rego.Function{Name: f.Decl.Name, Decl: f.Decl.Decl},
			func(bctx rego.BuiltinContext, terms []*ast.Term) (result *ast.Term, err error) {
				err = f.Func(bctx, terms, func(t *ast.Term) error {
					result = t
					return nil
				})
				return result, err
			})})
	}
	return tester.NewRunner().SetStore(inmem.NewFromObject(data)).AddCustomBuiltins(custom).RaiseBuiltinErrors(true).
		SetCompiler(ast.NewCompiler().WithCapabilities(capabilities()))
}
