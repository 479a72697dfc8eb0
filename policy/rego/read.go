package rego

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
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

	"github.com/guestctl/guestctl/internal/fault"
)

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

// take reads a file of the policy, all of which together have a limit.
func (p *Program) take(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() { // opening a FIFO waits for a writer
		return nil, errors.New("is no regular file")
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxSource-p.size+1))
	if err != nil {
		return nil, err
	}
	return b, p.weigh(int64(len(b)))
}

// weigh counts n bytes more.
func (p *Program) weigh(n int64) error {
	if p.size += n; p.size > maxSource {
		return fmt.Errorf("more than %d bytes of policies", maxSource)
	}
	return nil
}

func isBundle(path string) bool {
	return strings.HasSuffix(path, ".tar.gz") || strings.HasSuffix(path, ".tgz")
}

func (p *Program) file(path string) []error {
	b, err := p.take(path)
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
// are not followed, and one in the place of a policy is refused: what it leads to would be missed.
func (p *Program) folder(dir string) []error {
	var names, data []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && strings.HasPrefix(d.Name(), ".") && path != dir:
			return fs.SkipDir
		case d.IsDir() || filepath.Ext(path) != ".rego" && !isData(d.Name()) && !leadsToFolder(path, d):
			return nil
		case !d.Type().IsRegular():
			return &fault.Error{File: path, Message: "is no regular file; links are not followed, name what it leads to"}
		case isData(d.Name()):
			data = append(data, path)
		default:
			names = append(names, path)
		}
		if len(names)+len(data) > maxFiles {
			return fmt.Errorf("more than %d files", maxFiles)
		}
		return nil
	})
	var wrong *fault.Error
	switch {
	case errors.As(err, &wrong):
		return []error{wrong}
	case err != nil:
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

// leadsToFolder reports whether a link is to a folder, in which policies may be.
func leadsToFolder(path string, d fs.DirEntry) bool {
	if d.Type() != fs.ModeSymlink || strings.HasPrefix(d.Name(), ".") {
		return false
	}
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

func isData(name string) bool {
	return slices.Contains([]string{"data.json", "data.yaml", "data.yml"}, name)
}

func (p *Program) readData(dir string, files []string) []error {
	if len(files) == 0 {
		return nil
	}
	var paths []string
	for _, path := range files {
		if _, err := p.take(path); err != nil {
			return []error{&fault.Error{File: path, Message: plainError(err)}}
		}
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

// addData adds data beside policies. Nothing takes the place of anything else: what is lost is undefined, and its checks pass.
func (p *Program) addData(path string, data map[string]any) []error {
	b, err := json.Marshal(data)
	if err != nil {
		return []error{&fault.Error{File: path, Message: err.Error()}}
	}
	p.digest(path, b)
	if at := merge(p.data, data, nil); at != nil {
		return []error{&fault.Error{File: path, Message: "data." + strings.Join(at, ".") + " is there twice"}}
	}
	return nil
}

// merge puts the members of b into a, and returns the path of what both have.
func merge(a, b map[string]any, at []string) []string {
	for _, name := range slices.Sorted(maps.Keys(b)) {
		have, taken := a[name]
		under, isMap := have.(map[string]any)
		over, both := b[name].(map[string]any)
		switch path := append(slices.Clone(at), name); {
		case !taken:
			a[name] = b[name]
		case !isMap || !both:
			return path
		default:
			if at := merge(under, over, path); at != nil {
				return at
			}
		}
	}
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
	content, err := p.content(path)
	if err != nil {
		return fail("%s", plainError(err))
	}
	if content != nil {
		l = l.WithReader(bytes.NewReader(content))
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
		in := strings.TrimPrefix(strings.TrimPrefix(m.Path, path), "/") // OPA begins the names of a folder with its own
		name := strings.TrimSuffix(filepath.ToSlash(path), "/") + "/" + in
		switch {
		case !fs.ValidPath(in):
			return fail("%q leads out of the bundle", m.Path)
		case p.modules[name] != nil || p.tests[name] != nil:
			return fail("%s is there twice", in)
		}
		module, err := parse(name, m.Raw) // for the places of its rules, which the bundle has without its own
		if err != nil {
			return []error{err}
		}
		p.digest(name, m.Raw)
		p.add(name, module)
	}
	return p.addData(path, b.Data)
}

// content returns the bytes of a packed bundle, which has not more in it than a policy may have, and nil for a folder.
func (p *Program) content(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		return nil, filepath.WalkDir(path, func(_ string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			info, err := d.Info()
			if err != nil {
				return err
			}
			return p.weigh(info.Size())
		})
	}
	b, err := p.take(path)
	if err != nil {
		return nil, err
	}
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	n, err := io.Copy(io.Discard, io.LimitReader(z, maxSource+1))
	if err != nil {
		return nil, err
	}
	return b, p.weigh(n)
}

func plainError(err error) string {
	var wrapped *fs.PathError
	if errors.As(err, &wrapped) {
		return wrapped.Err.Error()
	}
	return err.Error()
}
