package rego

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

const rule = "package main\n\ndeny contains \"x\" if input.sshd.version\n"

// file is a file of a bundle.
type file struct{ name, text string }

// packed is a bundle with the files in their order.
func packed(t testing.TB, files ...file) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	for _, f := range files {
		if err := w.WriteHeader(&tar.Header{Name: f.name, Mode: 0o644, Size: int64(len(f.text)), Typeflag: tar.TypeReg}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(f.text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// bomb is a list in which each line is ten times the one before.
const bomb = "a: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\n" +
	"d: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: &f [*e,*e,*e,*e,*e,*e,*e,*e,*e,*e]\n" +
	"g: &g [*f,*f,*f,*f,*f,*f,*f,*f,*f,*f]\nh: [*g,*g,*g,*g,*g,*g,*g,*g,*g,*g]\n"

// TestHostilePolicies: whatever lies in the place of a policy is read within limits, or refused; nothing of it is passed over.
func TestHostilePolicies(t *testing.T) {
	grow := func(path string, size int64) error {
		f, err := os.Create(path)
		if err != nil {
			return err
		}
		defer f.Close()
		return f.Truncate(size)
	}
	bundled := func(files ...file) func(string) error {
		return func(dir string) error {
			return os.WriteFile(filepath.Join(dir, "b.tar.gz"), packed(t, files...), 0o600)
		}
	}
	for _, c := range []struct {
		name, path string
		make       func(dir string) error
		want       string // "" is read
	}{
		{"a FIFO", "x.rego", func(dir string) error { return syscall.Mkfifo(dir+"/x.rego", 0o600) }, "x.rego: is no regular file"},
		{"a FIFO in a folder", "", func(dir string) error { return syscall.Mkfifo(dir+"/x.rego", 0o600) }, "x.rego: is no regular file; links are not followed"},
		{"a FIFO of data", "", func(dir string) error { return syscall.Mkfifo(dir+"/data.json", 0o600) }, "data.json: is no regular file"},
		{"a FIFO for a bundle", "x.tar.gz", func(dir string) error { return syscall.Mkfifo(dir+"/x.tar.gz", 0o600) }, "x.tar.gz: is no regular file"},
		{"a link", "", func(dir string) error { return os.Symlink("a.rego", dir+"/x.rego") }, "x.rego: is no regular file; links are not followed, name what it leads to"},
		{"a link to a folder", "", func(dir string) error { return os.Symlink("/", dir+"/x") }, "x: is no regular file; links are not followed, name what it leads to"},
		{"a large file", "", func(dir string) error { return grow(dir+"/x.rego", maxSource+1) }, "x.rego: more than 67108864 bytes of policies"},
		{"files that are large together", "", func(dir string) error {
			return os.WriteFile(dir+"/data.json", []byte("{}"+strings.Repeat(" ", maxSource-len(rule)-1)), 0o600)
		}, "data.json: more than 67108864 bytes of policies"},
		{"deep data", "", func(dir string) error {
			return os.WriteFile(dir+"/data.json", []byte(`{"a":`+strings.Repeat("[", 100_000)+strings.Repeat("]", 100_000)+"}"), 0o600)
		}, "exceeded max depth"},
		{"a bomb of YAML", "", func(dir string) error { return os.WriteFile(dir+"/data.yaml", []byte(bomb), 0o600) }, "excessive aliasing"},
		{"a bomb of YAML in metadata", "", func(dir string) error {
			text := "# METADATA\n# custom:\n#   " + strings.ReplaceAll(strings.TrimSpace(bomb), "\n", "\n#   ") + "\n#   id: x\npackage x\n\ndeny contains \"x\"\n"
			return os.WriteFile(dir+"/x.rego", []byte(text), 0o600)
		}, "excessive aliasing"},
		{"data twice", "", func(dir string) error {
			if err := os.Mkdir(dir+"/cfg", 0o700); err != nil {
				return err
			}
			return os.WriteFile(dir+"/cfg/data.json", []byte(`{"a": 1}`), 0o600)
		}, ""},

		{"a bundle", "b.tar.gz", bundled(file{"a.rego", rule}), ""},
		{"a bundle that unpacks to much", "b.tar.gz", bundled(file{"a.rego", rule}, file{"data.json", "{}" + strings.Repeat(" ", maxSource)}), "b.tar.gz: more than 67108864 bytes of policies"},
		{"a bundle with a file twice", "b.tar.gz", bundled(file{"a.rego", rule}, file{"a.rego", "package main\n\nwarn contains \"y\"\n"}), "a.rego is there twice"},
		{"a bundle that leads out", "b.tar.gz", bundled(file{"../../../../etc/a.rego", rule}), `"../../../../etc/a.rego" leads out of the bundle`},
		{"a bundle with what its roots leave out", "b.tar.gz", bundled(file{".manifest", `{"roots": ["own"]}`}, file{"a.rego", rule}), "do not permit"},
		{"no bundle", "b.tar.gz", func(dir string) error { return os.WriteFile(dir+"/b.tar.gz", []byte("this is no gzip at all"), 0o600) }, "gzip: invalid header"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := write(t, map[string]string{"a.rego": rule})
			if err := c.make(dir); err != nil {
				t.Fatal(err)
			}
			p, err := Load([]string{filepath.Join(dir, c.path)}, "")
			switch {
			case c.want == "" && err != nil:
				t.Error(err)
			case c.want == "":
				if at := p.Checks[0].Position.File; !strings.HasPrefix(at, filepath.Join(dir, c.path)+"/") {
					t.Errorf("a check of %s is in %s", c.path, at)
				}
			case err == nil || !strings.Contains(err.Error(), c.want):
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
}

// TestDataOfSeveralPolicies: data of one policy does not take the place of another's, which would be undefined.
func TestDataOfSeveralPolicies(t *testing.T) {
	a := write(t, map[string]string{"a.rego": rule, "cfg/data.json": `{"a": 1}`})
	b := write(t, map[string]string{"b.rego": "package b\n\nwarn contains \"y\"\n", "cfg/data.json": `{"b": {"x": 1}}`})
	c := write(t, map[string]string{"c.rego": "package c\n\nwarn contains \"y\"\n", "cfg/data.json": `{"b": {"x": 1}}`})
	p, err := Load([]string{a, b}, "")
	if err != nil {
		t.Fatal(err)
	}
	if cfg, ok := p.data["cfg"].(map[string]any); !ok || len(cfg) != 2 {
		t.Errorf("data is %v", p.data)
	}
	if _, err := Load([]string{a, b, c}, ""); err == nil || !strings.Contains(err.Error(), "data.cfg.b.x is there twice") {
		t.Errorf("got %v", err)
	}
}

// FuzzPolicies loads and compiles whatever stands in a file: metadata are YAML in comments.
func FuzzPolicies(f *testing.F) {
	for _, text := range []string{
		rule, meta("a", "sshd") + "deny contains \"x\" if input.sshd.version\n",
		strings.Replace(meta("a", "sshd"), "facts:", "severity: 1\n#   facts:", 1), strings.Replace(meta("a", "sshd"), "title: T", "title: [", 1),
		"# METADATA\n# custom: {id: a, params: {n: {type: array, default: [1]}}, controls: {x: [1]}, levels: [cis-l1]}\npackage a\n\ndeny contains 1\n",
		"# METADATA\n# scope: package\n# related_resources: [{ref: ':'}]\n# custom: [1]\npackage a\n",
		"# METADATA\n# custom: {id: a, facts: ['sshd[\"effective\"].x', 'a b', input], content: {/x: ['(']}, globs: [x]}\npackage a\n\ndeny if true\n",
		"package a\n\nimport input as x\n\nviolation[y] := z if object.get(input, [x], {})\n",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		path := filepath.Join(t.TempDir(), "a.rego")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		p, err := Load([]string{path}, "")
		if err != nil {
			return
		}
		for _, c := range p.Checks {
			if c.ID == "" || c.Severity.Rank() < 0 || len(c.Rules) == 0 {
				t.Errorf("a check without id, severity or rule: %+v", c)
			}
		}
		_ = p.Judge(p.Checks, nil, nil).Compile() // that it ends is enough
	})
}

// FuzzBundles loads whatever is called a bundle.
func FuzzBundles(f *testing.F) {
	f.Add(packed(f, file{"a.rego", rule}))
	f.Add(packed(f, file{".manifest", `{"roots": ["main"], "metadata": {}}`}, file{"a.rego", rule}, file{"data.json", `{"x": 1}`}))
	f.Add(packed(f, file{".signatures.json", `{"signatures": ["x.y.z"]}`}, file{"a.rego", rule}))
	f.Add(packed(f, file{"/../a.rego", rule}, file{"a/data.yaml", "a: &a [*a]"}))
	f.Fuzz(func(t *testing.T, b []byte) {
		path := filepath.Join(t.TempDir(), "b.tar.gz")
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		_, _ = Load([]string{path}, "") // that it ends is enough
	})
}
