package rego

import (
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"
)

// reading is what a part of a policy reads, as it is written there.
type reading struct {
	domains []string        // of the facts, by name
	lookups []ast.Ref       // into the facts, by the names that object.get is given
	whole   []*ast.Location // where the facts are read as a whole, whatever they hold
	data    []ast.Ref       // what is not in the facts: rules of packages, parameters, data beside policies
}

func readingOf(x any) *reading {
	r := &reading{}
	r.walk(x)
	slices.Sort(r.domains)
	r.domains = slices.Compact(r.domains)
	return r
}

func (r *reading) walk(x any) { ast.NewGenericVisitor(r.visit).Walk(x) }

// visit takes in one node, and reports whether what is below it was taken in too.
func (r *reading) visit(x any) bool {
	switch x := x.(type) {
	case *ast.With: // its target is not read but replaced
		r.walk(x.Value)
		return true
	case *ast.Expr:
		terms, ok := x.Terms.([]*ast.Term)
		if !ok || !r.lookup(terms) {
			return false
		}
		r.walk(terms[3])
		for _, w := range x.With {
			r.walk(w)
		}
		return true
	case ast.Call:
		if !r.lookup(x) {
			return false
		}
		r.walk(x[3])
		return true
	case *ast.Term:
		if ref, ok := x.Value.(ast.Ref); ok {
			r.ref(ref, x.Location)
		}
	}
	return false
}

func (r *reading) ref(ref ast.Ref, at *ast.Location) {
	switch {
	case ref.HasPrefix(ast.DefaultRootRef):
		r.data = append(r.data, ref)
	case !ref.HasPrefix(ast.InputRootRef):
	case len(ref) == 1:
		r.whole = append(r.whole, at)
	default:
		if name, ok := ref[1].Value.(ast.String); ok {
			r.domains = append(r.domains, string(name))
		}
	}
}

// lookup takes in object.get(input, names, preset), which says by its names what it reads.
func (r *reading) lookup(call []*ast.Term) bool {
	if len(call) != 4 || call[0].String() != "object.get" || !call[1].Equal(ast.NewTerm(ast.InputRootRef)) {
		return false
	}
	ref := slices.Clone(ast.InputRootRef)
	for _, name := range namesIn(call[2]) {
		ref = append(ref, ast.StringTerm(name).SetLocation(call[2].Location))
	}
	if len(ref) == 1 {
		return false
	}
	r.lookups = append(r.lookups, ref)
	r.ref(ref, call[2].Location)
	return true
}

// namesIn are the names that a path begins with: a text, or the texts at the start of a list.
func namesIn(path *ast.Term) []string {
	list, ok := path.Value.(*ast.Array)
	if !ok {
		list = ast.NewArray(path)
	}
	var names []string
	for i := range list.Len() {
		name, ok := list.Elem(i).Value.(ast.String)
		if !ok {
			break
		}
		names = append(names, string(name))
	}
	return names
}

// readings is what each package of a program reads.
type readings []packageReading

type packageReading struct {
	path ast.Ref
	*reading
}

// domains lists the domains that the referred packages read, by themselves and by way of others. Those of seen are left out.
func (all readings) domains(refs []ast.Ref, seen map[*reading]bool) []string {
	var names []string
	for _, ref := range refs {
		for _, p := range all {
			if !seen[p.reading] && touches(ref, p.path) {
				seen[p.reading] = true
				names = slices.Concat(names, p.domains, all.domains(p.data, seen))
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// of lists the domains that one package reads, by itself and by way of others.
func (all readings) of(path ast.Ref) []string {
	var names []string
	seen := map[*reading]bool{}
	var refs []ast.Ref
	for _, p := range all {
		if p.path.Equal(path) {
			seen[p.reading] = true
			names, refs = append(names, p.domains...), append(refs, p.data...)
		}
	}
	names = append(names, all.domains(refs, seen)...)
	slices.Sort(names)
	return slices.Compact(names)
}

// touches reports whether a reference may be to something in a package, or to what the package is in.
func touches(ref, path ast.Ref) bool {
	for i := range min(len(ref), len(path)) {
		if _, ground := ref[i].Value.(ast.String); i > 0 && !ground {
			return true
		}
		if !ref[i].Equal(path[i]) {
			return false
		}
	}
	return true
}
