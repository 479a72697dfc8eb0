package rego

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/guestctl/guestctl/rules"
)

const (
	maxFiles  = 10_000
	maxSource = 64 << 20 // bytes of all the files of a policy

	libraryPath = "guestctl.lib" // the package that built-in checks share, and any policy may import
	testSuffix  = "_test.rego"
)

// Program is a set of policies that were read and not compiled.
type Program struct {
	Checks []*Check // by id

	modules map[string]*ast.Module // by file, tests left out
	tests   map[string]*ast.Module
	data    map[string]any
	builtin bool
	indexed bool // of the built-in checks only the index was read: modules are read when they are needed
	types   document
	sum     hash.Hash
	sources []File
	size    int64 // bytes that were read
}

// Digest tells the program from any other: it is that of all the bytes it was read from. A built-in program has none.
func (p *Program) Digest() string { return hex.EncodeToString(p.sum.Sum(nil)) }

// File is a file that a program was read from, or a member of a bundle.
type File struct {
	Name   string
	SHA256 string // in hexadecimal digits
}

// Files lists what the program was read from, in the order of reading. A built-in program has none.
func (p *Program) Files() []File { return slices.Clone(p.sources) }

// read bytes enter the digest with their name.
func (p *Program) digest(name string, b []byte) {
	sum := sha256.Sum256(b)
	p.sources = append(p.sources, File{name, hex.EncodeToString(sum[:])})
	p.sum.Write(fmt.Appendf(nil, "%d %s %d\n", len(name), name, len(b)))
	p.sum.Write(b)
}

// Load reads policies from files and folders with Rego, and bundles of OPA (.tar.gz). With a key, the PEM file of a public key or
// certificate, everything must be a bundle that it verifies. An error is a *fault.Error, or several of them joined.
func Load(paths []string, key string) (*Program, error) {
	p := &Program{modules: map[string]*ast.Module{}, tests: map[string]*ast.Module{}, data: map[string]any{}, types: documentType(), sum: sha256.New()}
	var errs []error
	for _, path := range paths {
		errs = append(errs, p.read(path, key)...)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return p, p.index()
}

// Builtin returns the checks that this program has built in, as their index tells. Their Rego is read when it is needed.
func Builtin() (*Program, error) {
	p := &Program{builtin: true, indexed: true, types: documentType()}
	if err := json.Unmarshal(rules.Index, &p.Checks); err != nil {
		return nil, fmt.Errorf("the index of the built-in checks: %w", err)
	}
	return p, nil
}

// BuiltinSource reads all Rego that is built in, with the tests.
func BuiltinSource() (*Program, error) {
	p := &Program{modules: map[string]*ast.Module{}, tests: map[string]*ast.Module{}, builtin: true, types: documentType()}
	if err := p.embedded("rego"); err != nil {
		return nil, err
	}
	return p, p.index()
}

// WriteIndex writes what Builtin reads, a line for each check.
func (p *Program) WriteIndex(w io.Writer) error {
	var b bytes.Buffer
	for i, c := range p.Checks {
		line, err := json.Marshal(c)
		if err != nil {
			return err
		}
		b.WriteString([]string{"[\n", ",\n"}[min(i, 1)])
		b.Write(line)
	}
	b.WriteString("\n]\n")
	_, err := w.Write(b.Bytes())
	return err
}

// embedded reads what lies below a folder of the built-in rules.
func (p *Program) embedded(dir string) error {
	return fs.WalkDir(rules.Rego, dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".rego" {
			return err
		}
		b, err := rules.Rego.ReadFile(path)
		if err != nil {
			return err
		}
		m, err := parse("rules/"+path, b)
		if err == nil {
			p.add("rules/"+path, m)
		}
		return err
	})
}

// embeddedModule reads one built-in file by the name that positions have, without its metadata, which are in the index.
func embeddedModule(name string) (*ast.Module, error) {
	b, err := rules.Rego.ReadFile(strings.TrimPrefix(name, "rules/"))
	if err != nil {
		return nil, err
	}
	return parsed(name, b, ast.ParserOptions{})
}

// in reports whether a module is of the package of the check.
func (c *Check) in(m *ast.Module) bool { return slices.Equal(c.Package, packageOf(m)) }

func packageOf(m *ast.Module) []string {
	var names []string
	for _, t := range m.Package.Path[1:] {
		if s, ok := t.Value.(ast.String); ok {
			names = append(names, string(s))
		}
	}
	return names
}

// ref is the reference to a rule of the check's package.
func (c *Check) ref(rule string) ast.Ref {
	ref := ast.Ref{ast.DefaultRootDocument}
	for _, name := range c.Package {
		ref = append(ref, ast.StringTerm(name))
	}
	return append(ref, ast.StringTerm(rule))
}

// has reports whether the check's package has a rule of that name.
func (c *Check) has(rule string) bool { return slices.Contains(c.Names, rule) }

// modulesOf returns the modules of a check's package.
func (p *Program) modulesOf(c *Check) []*ast.Module {
	if p.indexed {
		m, err := embeddedModule(c.Position.File)
		if err != nil {
			return nil // the index and the files are built in together, and a test holds them together
		}
		return []*ast.Module{m}
	}
	var list []*ast.Module
	for _, name := range slices.Sorted(maps.Keys(p.modules)) {
		if c.in(p.modules[name]) {
			list = append(list, p.modules[name])
		}
	}
	return list
}

// parse reads a module with its metadata.
func parse(name string, b []byte) (*ast.Module, error) {
	return parsed(name, b, ast.ParserOptions{ProcessAnnotation: true})
}

// parsed reads a module, metadata and all or only what is evaluated.
func parsed(name string, b []byte, opts ast.ParserOptions) (*ast.Module, error) {
	opts.Capabilities, opts.RegoVersion = capabilities(), ast.RegoV1
	m, err := ast.ParseModuleWithOpts(name, string(b), opts)
	if err != nil {
		return nil, faults(err)
	}
	return m, nil
}

func (p *Program) add(name string, m *ast.Module) {
	if strings.HasSuffix(name, testSuffix) {
		p.tests[name] = m
	} else {
		p.modules[name] = m
	}
}
