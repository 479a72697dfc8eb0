package rego

import (
	"encoding/json"
	"errors"
	"fmt"
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

func plainError(err error) string {
	var wrapped *fs.PathError
	if errors.As(err, &wrapped) {
		return wrapped.Err.Error()
	}
	return err.Error()
}
