package rego

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
	"github.com/open-policy-agent/opa/v1/topdown"

	"github.com/guestctl/guestctl/internal/fault"
	"github.com/guestctl/guestctl/internal/nearest"
	"github.com/guestctl/guestctl/rules"
)

// Judge asks checks of facts. It is made by Program.Judge and compiles when it is first asked.
type Judge struct {
	program  *Program
	selected []*Check
	data     map[string]any
	limits   limits

	compile  func() (*ast.Compiler, error)
	store    storage.Store
	queries  sync.Map // of compiled queries by the text of their ref
	builtins map[string]*topdown.Builtin
}

// Judge returns a judge for some checks of the program. Params are the values that a baseline gives to parameters, by check and
// name, and baseline is what policies see as data.baseline.
func (p *Program) Judge(selected []*Check, params map[string]map[string]any, baseline map[string]any) *Judge {
	j := &Judge{program: p, selected: selected, limits: limits{maxTime, maxMemory}, builtins: map[string]*topdown.Builtin{}}
	j.compile = sync.OnceValues(j.compiled)
	for _, f := range functions() {
		j.builtins[f.Decl.Name] = f
	}
	j.data = maps.Clone(p.data)
	if j.data == nil {
		j.data = map[string]any{}
	}
	j.data["baseline"] = baseline
	guestctl := map[string]any{}
	if have, ok := j.data["guestctl"].(map[string]any); ok {
		guestctl = maps.Clone(have)
	}
	guestctl["params"] = paramsOf(p.Checks, params)
	j.data["guestctl"] = guestctl
	j.store = inmem.NewFromObjectWithOpts(j.data, inmem.OptRoundTripOnWrite(false), inmem.OptReturnASTValuesOnRead(true))
	return j
}

// Compile compiles now, for those who want to know of mistakes before there are facts. An error is a *fault.Error, or several joined.
func (j *Judge) Compile() error {
	_, err := j.compile()
	return err
}

func paramsOf(checks []*Check, given map[string]map[string]any) map[string]any {
	all := map[string]any{}
	for _, c := range checks {
		values := map[string]any{}
		for name, p := range c.Params {
			values[name] = p.Default
		}
		for name, v := range given[c.ID] {
			values[name] = v
		}
		all[c.ID] = values
	}
	return all
}

// compiled compiles the modules of the selected checks and those without checks. What a user wrote is checked against the facts too;
// of the built-in rules tests make sure.
func (j *Judge) compiled() (*ast.Compiler, error) {
	modules := map[string]*ast.Module{}
	for name, m := range j.program.modules {
		if j.wants(m) {
			modules[name] = m
		}
	}
	for _, c := range j.selected {
		if j.program.indexed {
			m, err := embeddedModule(c.Position.File)
			if err != nil {
				return nil, err
			}
			modules[c.Position.File] = m
		}
	}
	if !j.program.builtin || j.program.indexed {
		lib, err := library()
		if err != nil {
			return nil, err
		}
		maps.Copy(modules, lib)
	}
	checked := !j.program.builtin
	c, err := compile(modules, j.program.types, checked)
	if err != nil || !checked {
		return c, err
	}
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(modules)) {
		for _, err := range j.checkData(c, c.Modules[name]) {
			errs = append(errs, err)
		}
	}
	return c, errors.Join(errs...)
}

func compile(modules map[string]*ast.Module, types document, checked bool) (*ast.Compiler, error) {
	c := ast.NewCompiler().WithCapabilities(capabilities()).WithStrict(checked)
	if !checked {
		c = c.WithSkipStages(onlyChecks()...)
	}
	if c.Compile(modules); c.Failed() {
		return nil, faults(c.Errors)
	}
	if !checked {
		return c, nil
	}
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(c.Modules)) {
		for _, err := range types.checkRefs(c.Modules[name]) {
			errs = append(errs, err)
		}
	}
	return c, errors.Join(errs...)
}

// onlyChecks are the stages of the compiler that change nothing in a module that is right, as tests make sure the built-in ones are.
func onlyChecks() []ast.StageID {
	return []ast.StageID{
		ast.StageCheckDuplicateImports, ast.StageCheckKeywordOverrides, ast.StageCheckVoidCalls, ast.StageSetAnnotationSet,
		ast.StageCheckRuleConflicts, ast.StageCheckUndefinedFuncs, ast.StageCheckTypes, ast.StageCheckUnsafeBuiltins,
		ast.StageCheckDeprecatedBuiltins, ast.StageBuildRequiredCapabilities,
	}
}

// library returns the modules of the built-in library.
func library() (map[string]*ast.Module, error) {
	const dir = "rego/lib"
	entries, err := rules.Rego.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	modules := map[string]*ast.Module{}
	for _, e := range entries {
		if name := "rules/" + dir + "/" + e.Name(); !strings.HasSuffix(name, testSuffix) {
			if modules[name], err = embeddedModule(name); err != nil {
				return nil, err
			}
		}
	}
	return modules, nil
}

// wants reports whether a module belongs to a selected check or to none.
func (j *Judge) wants(m *ast.Module) bool {
	of := func(c *Check) bool { return c.in(m) }
	return slices.ContainsFunc(j.selected, of) || !slices.ContainsFunc(j.program.Checks, of)
}

// faults turns the errors of OPA into ours.
func faults(err error) error {
	var list ast.Errors
	var one *ast.Error
	switch {
	case errors.As(err, &list):
	case errors.As(err, &one):
		list = ast.Errors{one}
	default:
		return err
	}
	errs := make([]error, 0, len(list))
	for _, e := range list {
		message, _, _ := strings.Cut(e.Message, "\n")
		f := at(e.Location, "%s", message)
		explain(f)
		errs = append(errs, f)
	}
	return errors.Join(errs...)
}

var (
	undefinedFunction = regexp.MustCompile(`^undefined function (\S+)$`)
	unsafeVar         = regexp.MustCompile(`^var (\S+) is unsafe$`)
)

// explain adds what was probably meant.
func explain(f *fault.Error) {
	if m := undefinedFunction.FindStringSubmatch(f.Message); m != nil {
		if why := instead(m[1]); why != "" {
			f.Message += ": " + why
			return
		}
		var known []string
		for _, b := range capabilities().Builtins {
			known = append(known, b.Name)
		}
		f.Suggestion = nearest.Word(m[1], known)
	}
	if m := unsafeVar.FindStringSubmatch(f.Message); m != nil {
		f.Message = fmt.Sprintf("nothing gives %s a value", m[1])
		f.Suggestion = nearest.Word(m[1], []string{"input", "data", "params", "lib"})
	}
}
