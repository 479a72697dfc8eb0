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
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/bundle"
	"github.com/open-policy-agent/opa/v1/loader"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/finding"
	"github.com/guestctl/guestctl/internal/fault"
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
}

// Digest tells the program from any other: it is that of all the bytes it was read from. A built-in program has none.
func (p *Program) Digest() string { return hex.EncodeToString(p.sum.Sum(nil)) }

// read bytes enter the digest with their name.
func (p *Program) digest(name string, b []byte) {
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

func (p *Program) read(path, key string) []error {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return []error{&fault.Error{File: path, Message: "no such file or folder"}}
	case err != nil:
		return []error{&fault.Error{File: path, Message: err.Error()}}
	case key != "" || isBundle(path):
		return p.bundle(path, key)
	case info.IsDir():
		return p.folder(path)
	}
	return p.file(path)
}

func isBundle(path string) bool {
	return strings.HasSuffix(path, ".tar.gz") || strings.HasSuffix(path, ".tgz")
}

func (p *Program) file(path string) []error {
	b, err := os.ReadFile(path)
	if err == nil && len(b) > maxSource {
		err = fmt.Errorf("more than %d bytes", maxSource)
	}
	if err != nil {
		return []error{&fault.Error{File: path, Message: plainError(err)}}
	}
	p.digest(path, b)
	m, err := parse(path, b)
	if err != nil {
		return []error{err}
	}
	p.add(path, m)
	return nil
}

// folder reads the Rego below a folder, and data.json and data.yaml as OPA does: under the names of the folders they are in. Links
// are not followed.
func (p *Program) folder(dir string) []error {
	var names, data []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && strings.HasPrefix(d.Name(), ".") && path != dir:
			return fs.SkipDir
		case !d.Type().IsRegular():
			return nil
		case filepath.Ext(path) == ".rego":
			names = append(names, path)
		case slices.Contains([]string{"data.json", "data.yaml", "data.yml"}, d.Name()):
			data = append(data, path)
		}
		if len(names) > maxFiles {
			return fmt.Errorf("more than %d files", maxFiles)
		}
		return nil
	})
	if err != nil {
		return []error{&fault.Error{File: dir, Message: plainError(err)}}
	}
	if len(names) == 0 {
		return []error{&fault.Error{File: dir, Message: "no Rego in this folder"}}
	}
	var errs []error
	for _, name := range names {
		errs = append(errs, p.file(name)...)
	}
	return append(errs, p.readData(dir, data)...)
}

func (p *Program) readData(dir string, files []string) []error {
	if len(files) == 0 {
		return nil
	}
	var paths []string
	for _, path := range files {
		rel, err := filepath.Rel(dir, filepath.Dir(path))
		if err != nil {
			return []error{&fault.Error{File: path, Message: err.Error()}}
		}
		if rel != "." {
			path = strings.ReplaceAll(filepath.ToSlash(rel), "/", ".") + ":" + path
		}
		paths = append(paths, path)
	}
	r, err := loader.NewFileLoader().All(paths)
	if err != nil {
		return []error{&fault.Error{File: dir, Message: plainError(err)}}
	}
	return p.addData(dir, r.Documents)
}

// addData adds data beside policies.
func (p *Program) addData(path string, data map[string]any) []error {
	b, err := json.Marshal(data)
	if err != nil {
		return []error{&fault.Error{File: path, Message: err.Error()}}
	}
	p.digest(path, b)
	maps.Copy(p.data, data)
	return nil
}

// bundle reads a bundle. One that is signed is refused without a key, and with a key one that is not signed by it: a signature that
// nobody looks at is none.
func (p *Program) bundle(path, key string) []error {
	fail := func(format string, args ...any) []error {
		return []error{&fault.Error{File: path, Message: fmt.Sprintf(format, args...)}}
	}
	l := loader.NewFileLoader().WithProcessAnnotation(true).WithCapabilities(capabilities()).WithRegoVersion(ast.RegoV1)
	if key != "" {
		pem, err := os.ReadFile(key)
		if err != nil {
			return []error{&fault.Error{File: key, Message: plainError(err)}}
		}
		algorithm, err := algorithmOf(pem)
		if err != nil {
			return []error{&fault.Error{File: key, Message: err.Error()}}
		}
		l = l.WithBundleVerificationConfig(bundle.NewVerificationConfig(
			map[string]*bundle.KeyConfig{"policy": {Key: string(pem), Algorithm: algorithm}}, "policy", "", nil))
	}
	b, err := l.AsBundle(path)
	if err != nil {
		if list := ast.Errors(nil); errors.As(err, &list) {
			return []error{faults(err)}
		}
		hint := ""
		if key == "" && strings.Contains(err.Error(), "verification key") {
			hint = "; it is signed: name the key that verifies it with --policy-key"
		}
		return fail("%s%s", plainError(err), hint)
	}
	if key != "" && len(b.Signatures.Signatures) == 0 {
		return fail("the bundle is not signed, and --policy-key asks for a signature")
	}
	for _, m := range b.Modules {
		p.digest(m.Path, m.Raw)
		p.add(filepath.ToSlash(filepath.Join(path, m.Path)), m.Parsed)
	}
	return p.addData(path, b.Data)
}

// index reads the metadata of all modules.
func (p *Program) index() error {
	var errs []error
	byID := map[string]*Check{}
	checks := map[string]*Check{} // by package
	for _, name := range slices.Sorted(maps.Keys(p.modules)) {
		m := p.modules[name]
		check, wrong := p.types.checkOf(m)
		for _, err := range wrong {
			errs = append(errs, err)
		}
		if check != nil && len(wrong) == 0 {
			checks[m.Package.Path.String()] = check
		}
	}
	shared, err := p.sharedDomains(checks)
	errs = append(errs, err)
	for _, name := range slices.Sorted(maps.Keys(p.modules)) {
		m := p.modules[name]
		for _, check := range p.checksOf(m, checks[m.Package.Path.String()]) {
			check.Needs = check.Needs.Merge(facts.Request{Domains: shared})
			if err := p.types.declared(check, m); err != nil {
				errs = append(errs, err)
			}
			if first := byID[check.ID]; first != nil && first != check {
				errs = append(errs, &fault.Error{
					File: check.Position.File, Line: check.Position.Line, Column: 1,
					Message: fmt.Sprintf("duplicate check %s, first at %s:%d; give one of them another id", check.ID, first.Position.File, first.Position.Line),
				})
			}
			byID[check.ID] = check
		}
	}
	for _, id := range slices.Sorted(maps.Keys(byID)) {
		p.Checks = append(p.Checks, byID[id])
	}
	return errors.Join(errs...)
}

// sharedDomains lists the domains that packages without checks read, which checks may use by way of them: every check of the program
// needs these. The library reads none.
func (p *Program) sharedDomains(described map[string]*Check) ([]string, error) {
	var shared []string
	for _, name := range slices.Sorted(maps.Keys(p.modules)) {
		m := p.modules[name]
		if len(p.checksOf(m, described[m.Package.Path.String()])) > 0 {
			continue
		}
		for _, domain := range domainsOf(m) {
			if inLibrary(m) {
				return nil, at(m.Package.Location, "the library reads input.%s; give its functions what they need", domain)
			}
			if _, known := p.types[domain]; known && domain != metaFacts && domain != filesDomain && domain != globsDomain {
				shared = append(shared, domain)
			}
		}
	}
	return shared, nil
}

// checksOf returns the checks that the rules of a module belong to: the one that metadata describe, or one for each rule.
func (p *Program) checksOf(m *ast.Module, described *Check) []*Check {
	if inLibrary(m) {
		return nil
	}
	var checks []*Check
	for _, r := range m.Rules {
		name := ruleName(r)
		if described != nil {
			described.addRule(name)
			checks = []*Check{described}
			if name == "applicable" {
				described.Applies = domainsOfRule(m, name)
			}
			continue
		}
		if verdict, ok := verdictRule(name); ok {
			checks = append(checks, p.conftest(m, r, name, verdict))
		}
	}
	return slices.CompactFunc(checks, func(a, b *Check) bool { return a.ID == b.ID })
}

func inLibrary(m *ast.Module) bool {
	name := strings.TrimPrefix(m.Package.Path.String(), "data.")
	return name == libraryPath || strings.HasPrefix(name, libraryPath+".")
}

func ruleName(r *ast.Rule) string {
	if v, ok := r.Head.Ref()[0].Value.(ast.Var); ok {
		return string(v)
	}
	return ""
}

func (c *Check) addRule(name string) {
	if c.has(name) {
		return
	}
	c.Names = append(c.Names, name)
	if _, ok := verdictRule(name); ok {
		c.Rules = append(c.Rules, name)
	}
}

// verdictRule reports whether the values of a rule are findings, and by which word.
func verdictRule(name string) (word string, ok bool) {
	for _, word := range []string{"deny", "violation", "warn"} {
		if name == word || strings.HasPrefix(name, word+"_") {
			return word, true
		}
	}
	return "", false
}

// conftest makes the check of one rule of a package without metadata. What facts it needs is what the package reads.
func (p *Program) conftest(m *ast.Module, r *ast.Rule, name, verdict string) *Check {
	id := strings.TrimPrefix(m.Package.Path.String(), "data.") + "/" + name
	check := &Check{
		ID: id, Title: "No " + name + " of " + strings.TrimPrefix(m.Package.Path.String(), "data."),
		Severity: finding.Medium, Scope: "full", Position: finding.Position{File: r.Location.File, Line: r.Location.Row},
		Package: packageOf(m), Rules: []string{name},
	}
	if verdict == "warn" {
		check.Severity = finding.Low
	}
	for _, other := range p.modules {
		if other.Package.Equal(m.Package) {
			for _, domain := range domainsOf(other) {
				if _, known := p.types[domain]; known && domain != metaFacts {
					check.Needs = check.Needs.Merge(facts.Request{Domains: []string{domain}})
				}
			}
		}
	}
	return check
}

// domainsOf lists the domains that a module or rule reads by name.
func domainsOf(x any) []string {
	var names []string
	ast.WalkRefs(x, func(ref ast.Ref) bool {
		if ref.HasPrefix(ast.InputRootRef) && len(ref) > 1 {
			if name, ok := ref[1].Value.(ast.String); ok {
				names = append(names, string(name))
			}
		}
		return false
	})
	slices.Sort(names)
	return slices.Compact(names)
}

// domainsOfRule lists the domains that a rule reads, itself and by way of other rules of its module.
func domainsOfRule(m *ast.Module, name string) []string {
	rules := map[string][]*ast.Rule{}
	for _, r := range m.Rules {
		rules[ruleName(r)] = append(rules[ruleName(r)], r)
	}
	var names []string
	seen := map[string]bool{}
	var visit func(name string)
	visit = func(name string) {
		if seen[name] {
			return
		}
		seen[name] = true
		for _, r := range rules[name] {
			names = append(names, domainsOf(r)...)
			ast.WalkVars(r, func(v ast.Var) bool {
				visit(string(v))
				return false
			})
		}
	}
	visit(name)
	slices.Sort(names)
	return slices.Compact(names)
}

// declared reports a domain that a check reads and does not declare: nobody would look whether it was read.
func (d document) declared(check *Check, m *ast.Module) error {
	have := slices.Concat(check.Needs.Domains, []string{metaFacts})
	if len(check.Needs.Files) > 0 {
		have = append(have, filesDomain)
	}
	if len(check.Needs.Globs) > 0 {
		have = append(have, globsDomain)
	}
	for _, domain := range domainsOf(m) {
		if _, known := d[domain]; known && !slices.Contains(have, domain) {
			return &fault.Error{
				File: check.Position.File, Line: check.Position.Line, Column: 1,
				Message: fmt.Sprintf("check %s reads input.%s, which is not among its facts", check.ID, domain),
			}
		}
	}
	return nil
}

func plainError(err error) string {
	var wrapped *fs.PathError
	if errors.As(err, &wrapped) {
		return wrapped.Err.Error()
	}
	return err.Error()
}
