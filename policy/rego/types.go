package rego

import (
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/guestctl/guestctl/engine"
	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/engine/facts/sshd"
	"github.com/guestctl/guestctl/internal/fault"
	"github.com/guestctl/guestctl/internal/nearest"
)

const metaFacts = "meta" // what every document has beside its domains

// sshdSettings are the one map of the facts whose keys are known beforehand.
type sshdSettings = map[string]*facts.Value[any]

// keywords are the keys of sshdSettings.
func keywords() []string {
	var known []string
	for _, k := range sshd.Keywords() {
		known = append(known, strings.ToLower(k))
	}
	return known
}

// document is the facts document as a type: its domains by name.
type document map[string]reflect.Type

func documentType() document {
	d := document{metaFacts: reflect.TypeFor[facts.Meta]()}
	for _, c := range engine.Collectors() {
		d[c.Name] = reflect.TypeOf(c.New()).Elem()
	}
	return d
}

// step goes one name down, or to any member where the name is "". A nil type is one of which nothing is known, such as a value that
// may be a string or a list.
func step(t reflect.Type, name string) (below reflect.Type, known []string, ok bool) {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch t.Kind() {
	case reflect.Map, reflect.Slice, reflect.Array:
		if t == reflect.TypeFor[sshdSettings]() && name != "" {
			known = keywords()
			return t.Elem(), known, slices.Contains(known, name)
		}
		return t.Elem(), nil, true
	case reflect.Struct:
		fields := fieldsOf(t)
		below, ok = fields[name]
		return below, slices.Sorted(maps.Keys(fields)), ok
	case reflect.Interface:
		return nil, nil, true
	}
	return nil, nil, false
}

func fieldsOf(t reflect.Type) map[string]reflect.Type {
	fields := map[string]reflect.Type{}
	for i := range t.NumField() {
		f := t.Field(i)
		name, _ := jsonName(f)
		switch {
		case name != "":
			fields[name] = f.Type
		case f.Anonymous:
			maps.Copy(fields, fieldsOf(f.Type))
		}
	}
	return fields
}

// resolve follows the operands of a ref below input, or below a value of the type t, and returns the type at its end: nil when it
// is not known. A ref to something that the document does not have is a fault.
func (d document) resolve(t reflect.Type, ref ast.Ref) (reflect.Type, *fault.Error) {
	for i, term := range ref[1:] {
		var known []string
		name, isName := term.Value.(ast.String)
		var ok bool
		switch {
		case t == nil && i == 0 && !isName: // input[x]
			return nil, at(term.Location, "%s reads whatever domain there is; name it", ref)
		case t == nil && i == 0:
			if t, ok = d[string(name)]; !ok {
				known = slices.Sorted(maps.Keys(d))
			}
		case !isName && elem(t) == nil:
			return nil, nil
		default:
			t, known, ok = step(t, string(name))
		}
		if !ok {
			err := at(term.Location, "no fact %s", ref[:i+2])
			if near := nearest.Word(string(name), known); near != "" {
				err.Suggestion = ref[:i+1].Append(ast.StringTerm(near)).String()
			} else if len(known) > 0 {
				err.Message += "; there are " + someOf(known)
			}
			return nil, err
		}
		if t == nil || t.Kind() == reflect.Interface {
			return nil, nil
		}
	}
	return t, nil
}

// elem is the type of what a variable index leads to, or nil for a structure, whose fields differ.
func elem(t reflect.Type) reflect.Type {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch t.Kind() {
	case reflect.Map, reflect.Slice, reflect.Array:
		return t.Elem()
	}
	return nil
}

// checkRefs holds every reference to the facts in a compiled module against the document, also those by way of local
// variables: the compiler has turned "some x in input.users" into a variable that equals a reference.
func (d document) checkRefs(m *ast.Module) []*fault.Error {
	var faults []*fault.Error
	for _, rule := range m.Rules {
		types, names := d.variables(rule), constants(rule)
		ast.WalkRefs(rule, func(ref ast.Ref) bool {
			ref = named(ref, names)
			t, ok := types[headVar(ref)]
			if ref.HasPrefix(ast.InputRootRef) {
				t, ok = nil, true
			}
			if !ok || len(ref) == 1 {
				return false
			}
			if _, err := d.resolve(t, ref); err != nil {
				faults = append(faults, err)
			}
			return false
		})
	}
	return faults
}

func headVar(ref ast.Ref) ast.Var {
	v, _ := ref[0].Value.(ast.Var)
	return v
}

// constants returns the variables that a rule gives one text, and by which it may name a field.
func constants(rule *ast.Rule) map[ast.Var]*ast.Term {
	names := map[ast.Var]*ast.Term{}
	ast.WalkExprs(rule, func(e *ast.Expr) bool {
		if !e.IsEquality() && !e.IsAssignment() {
			return false
		}
		for _, pair := range [][2]*ast.Term{{e.Operand(0), e.Operand(1)}, {e.Operand(1), e.Operand(0)}} {
			v, isVar := pair[0].Value.(ast.Var)
			if _, isText := pair[1].Value.(ast.String); isVar && isText {
				names[v] = pair[1]
			}
		}
		return false
	})
	return names
}

// named writes out the variables in a ref that stand for a text, at the places where they are.
func named(ref ast.Ref, names map[ast.Var]*ast.Term) ast.Ref {
	out := ref.Copy()
	for i, t := range out[1:] {
		v, isVar := t.Value.(ast.Var)
		if text, ok := names[v]; isVar && ok {
			out[i+1] = &ast.Term{Value: text.Value, Location: t.Location}
		}
	}
	return out
}

// variables returns the types of the local variables that stand for facts.
func (d document) variables(rule *ast.Rule) map[ast.Var]reflect.Type {
	types, names := map[ast.Var]reflect.Type{}, constants(rule)
	for found := true; found; {
		found = false
		ast.WalkExprs(rule, func(e *ast.Expr) bool {
			if !e.IsEquality() && !e.IsAssignment() {
				return false
			}
			v, ref, ok := varAndRef(e.Operand(0), e.Operand(1))
			if _, done := types[v]; !ok || done {
				return false
			}
			base, typed := types[headVar(ref)]
			if !typed && !ref.HasPrefix(ast.InputRootRef) || len(ref) == 1 {
				return false
			}
			if t, err := d.resolve(base, named(ref, names)); err == nil && t != nil {
				types[v], found = t, true
			}
			return false
		})
	}
	return types
}

func varAndRef(a, b *ast.Term) (ast.Var, ast.Ref, bool) {
	if v, ok := a.Value.(ast.Var); ok {
		ref, ok := b.Value.(ast.Ref)
		return v, ref, ok
	}
	if v, ok := b.Value.(ast.Var); ok {
		ref, ok := a.Value.(ast.Ref)
		return v, ref, ok
	}
	return "", nil, false
}
