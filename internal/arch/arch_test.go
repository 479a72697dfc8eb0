// Package arch keeps the house in order: it parses the sources and fails when a package imports what it may not, when a
// list misses an entry, or when a pinned dependency moved. It asks no tool, so that its result is never a stale one.
package arch

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const (
	root   = "../.."
	module = "github.com/guestctl/guestctl/"
)

// layers has the packages of each layer, as path patterns. A package imports only layers above its own.
var layers = [][]string{
	{"internal/bisect", "internal/fault", "internal/nearest", "internal/version", "engine/binread", "finding", "rules", "rules/*", "baselines"},
	{"engine/image", "engine/appliance", "engine/volume", "engine/filesys", "engine/hive"},
	{"engine/image/*", "engine/volume/*", "engine/filesys/*"},
	{"engine/guest"},
	{"engine/rpmdb", "engine/capability", "engine/registry"},
	{"engine/owners"},
	{"engine/shipped"},
	{"engine/facts"},
	{"engine/facts/*", "engine/cache"},
	{"engine"},
	{"policy/rego", "scanner/archive"},
	{"policy", "scanner", "backup", "backup/checksums", "backup/cycle", "backup/place", "backup/reading", "drift"},
	{"scanner/*", "backup/*", "drift/*"},
	{"audit"},
	{"evidence"},
	{"report", "agent/schedule", "agent/store"},
	{"agent/notify"},
	{"agent"},
	{"agent/metrics"},
	{"server"},
	{"cmd/*"},
}

// testOnly are packages that only tests import.
var testOnly = []string{"internal/arch", "internal/conformance", "internal/memfs", "internal/factstest", "internal/malwaretest", "internal/fakeqemu", "internal/postgrestest", "internal/hivetest"}

// pins are the versions that were tried and chosen; a tidy without them may silently choose an older one.
var pins = map[string]string{
	"github.com/BurntSushi/toml":               "v1.6.0",
	"github.com/open-policy-agent/opa":         "v1.22.2",
	"github.com/diskfs/go-diskfs":              "v1.9.4",
	"github.com/knqyf263/go-rpmdb":             "v0.1.1",
	"modernc.org/sqlite":                       "v1.61.1",
	"github.com/spf13/cobra":                   "v1.10.2",
	"github.com/carapace-sh/carapace":          "v1.11.6",
	"github.com/klauspost/compress":            "v1.20.3",
	"github.com/therootcompany/xz":             "v1.0.1",
	"github.com/ulikunitz/xz":                  "v0.5.17",
	"github.com/pierrec/lz4/v4":                "v4.1.33",
	"github.com/Microsoft/go-winio":            "v0.6.3",
	"github.com/anchore/go-lzo":                "v0.1.1",
	"github.com/goccy/go-yaml":                 "v1.19.2",
	"charm.land/lipgloss/v2":                   "v2.0.6",
	"github.com/vbauerster/mpb/v8":             "v8.9.3",
	"github.com/invopop/jsonschema":            "v0.14.0",
	"github.com/owenrumney/go-sarif/v3":        "v3.3.1",
	"github.com/jstemmer/go-junit-report/v2":   "v2.1.0",
	"github.com/rogpeppe/go-internal":          "v1.16.0",
	"github.com/google/go-cmp":                 "v0.7.0",
	"github.com/santhosh-tekuri/jsonschema/v6": "v6.0.3",
	"go.etcd.io/bbolt":                         "v1.5.0",
	"github.com/hillu/go-yara/v4":              "v4.2.4",
	"github.com/elastic/go-seccomp-bpf":        "v1.6.0",
	"github.com/robfig/cron/v3":                "v3.0.1",
	"github.com/riverqueue/river":              "v0.51.2",
	"github.com/jackc/pgx/v5":                  "v5.12.0",
	"github.com/pressly/goose/v3":              "v3.29.0",
	"github.com/wneessen/go-mail":              "v0.8.1",
}

// source is one parsed file.
type source struct {
	pkg  string // folder below the root
	name string
	test bool
	file *ast.File
}

func sources(t *testing.T) []source {
	t.Helper()
	var all []source
	err := fs.WalkDir(os.DirFS(root), ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && p != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata" || p == "build" || p == "bin") {
			return fs.SkipDir
		}
		if path.Ext(p) != ".go" {
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, p), nil, parser.ParseComments)
		all = append(all, source{path.Dir(p), d.Name(), strings.HasSuffix(p, "_test.go"), f})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 10 {
		t.Fatalf("found %d sources: looking in the wrong place", len(all))
	}
	return all
}

func (s source) imports() []string {
	var paths []string
	for _, i := range s.file.Imports {
		p, err := strconv.Unquote(i.Path.Value)
		if err == nil {
			paths = append(paths, p)
		}
	}
	return paths
}

func layerOf(pkg string) int {
	return slices.IndexFunc(layers, func(patterns []string) bool {
		return slices.ContainsFunc(patterns, func(p string) bool {
			ok, err := path.Match(p, pkg)
			return ok && err == nil
		})
	})
}

func TestPackagesImportOnlyLayersAbove(t *testing.T) {
	for _, s := range sources(t) {
		if s.test || slices.Contains(testOnly, s.pkg) {
			continue
		}
		own := layerOf(s.pkg)
		if own < 0 {
			t.Errorf("%s belongs to no layer", s.pkg)
			continue
		}
		for _, p := range s.imports() {
			pkg, ours := strings.CutPrefix(p, module)
			if !ours {
				continue
			}
			if slices.Contains(testOnly, pkg) {
				t.Errorf("%s/%s imports %s, which is for tests", s.pkg, s.name, pkg)
			} else if layerOf(pkg) >= own {
				t.Errorf("%s/%s imports %s, which is not above it", s.pkg, s.name, pkg)
			}
		}
	}
}

// TestOnlyBinreadDecodes keeps the rule that image bytes become numbers in one package.
func TestOnlyBinreadDecodes(t *testing.T) {
	for _, s := range sources(t) {
		if s.test || !strings.HasPrefix(s.pkg, "engine") || s.pkg == "engine/binread" {
			continue
		}
		for _, p := range s.imports() {
			if p == "encoding/binary" || p == "unsafe" {
				t.Errorf("%s/%s imports %s; decode with engine/binread", s.pkg, s.name, p)
			}
		}
	}
}

// networked are the packages that use a network, each when it is asked to and for nothing else.
var networked = []string{
	"scanner/taxii",
	"agent/metrics",
	"agent/notify",
}

// TestOnlyTheseUseANetwork keeps the promise that nothing is looked up anywhere.
func TestOnlyTheseUseANetwork(t *testing.T) {
	for _, s := range sources(t) {
		for _, p := range []string{"net/http", "net/smtp", "github.com/wneessen/go-mail"} {
			if !s.test && !slices.Contains(networked, s.pkg) && slices.Contains(s.imports(), p) {
				t.Errorf("%s/%s imports %s", s.pkg, s.name, p)
			}
		}
	}
}

func TestEveryPackageHasADocComment(t *testing.T) {
	documented := map[string]bool{}
	for _, s := range sources(t) {
		if s.test && s.pkg != "internal/arch" {
			continue
		}
		documented[s.pkg] = documented[s.pkg] || s.file.Doc != nil
	}
	for _, pkg := range slices.Sorted(maps.Keys(documented)) {
		if !documented[pkg] {
			t.Errorf("%s has no package comment", pkg)
		}
	}
}

func TestNoInitFunctions(t *testing.T) {
	for _, s := range sources(t) {
		for _, d := range s.file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "init" {
				t.Errorf("%s/%s has an init function", s.pkg, s.name)
			}
		}
	}
}

// TestEverythingIsOnItsList finds formats and collectors that nobody would ever call.
func TestEverythingIsOnItsList(t *testing.T) {
	lists := []struct{ folder, list, variable string }{
		{"engine/image", "engine/formats.go", "Format"},
		{"engine/volume", "engine/formats.go", "Format"},
		{"engine/filesys", "engine/formats.go", "Format"},
		{"engine/facts", "engine/collectors.go", "Collector"},
	}
	all := sources(t)
	for _, l := range lists {
		b, err := os.ReadFile(filepath.Join(root, l.list))
		if err != nil {
			t.Fatal(err)
		}
		seen := 0
		for _, s := range all {
			if path.Dir(s.pkg) != l.folder || !exports(s.file, l.variable) {
				continue
			}
			seen++
			if !strings.Contains(string(b), s.file.Name.Name+"."+l.variable) {
				t.Errorf("%s is not in %s", s.pkg, l.list)
			}
		}
		if seen == 0 {
			t.Errorf("no package below %s exports %s", l.folder, l.variable)
		}
	}
}

func exports(f *ast.File, name string) bool {
	o := f.Scope.Lookup(name)
	return o != nil
}

func TestEveryCommandIsOnTheList(t *testing.T) {
	b, err := os.ReadFile(filepath.Join(root, "cmd/guestctl/main.go"))
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, s := range sources(t) {
		if s.pkg != "cmd/guestctl" {
			continue
		}
		for _, d := range s.file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || !strings.HasPrefix(f.Name.Name, "new") || !strings.HasSuffix(f.Name.Name, "Command") {
				continue
			}
			seen++
			if !strings.Contains(string(b), f.Name.Name+"(") && f.Name.Name != "newRootCommand" {
				t.Errorf("%s (%s) is not in the list of commands", f.Name.Name, s.name)
			}
		}
	}
	if seen < 2 {
		t.Errorf("found %d commands", seen)
	}
}

func TestPinnedVersions(t *testing.T) {
	b, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	have := map[string]string{}
	for line := range strings.SplitSeq(string(b), "\n") {
		if f := strings.Fields(strings.TrimPrefix(strings.TrimSpace(line), "require ")); len(f) >= 2 {
			have[f[0]] = f[1]
		}
	}
	for _, m := range slices.Sorted(maps.Keys(pins)) {
		if have[m] != pins[m] {
			t.Errorf("go.mod has %s %q, want %s", m, have[m], pins[m])
		}
	}
}
