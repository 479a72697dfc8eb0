package audit_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/guestctl/guestctl/audit"
	"github.com/guestctl/guestctl/engine"
	"github.com/guestctl/guestctl/engine/cache"
	"github.com/guestctl/guestctl/policy"
)

// TestKeptVerdicts judges an image twice by the same policy, then by changed ones, of which every one must be judged anew.
func TestKeptVerdicts(t *testing.T) {
	dir := t.TempDir()
	list := filepath.Join(dir, "list.txt")
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	kept := &cache.Cache{Dir: filepath.Join(dir, "cache"), Version: "test", Limit: 1 << 20}
	judge := func(c *cache.Cache, opts policy.Options, files ...string) *audit.Result {
		t.Helper()
		p, err := policy.Load(files, opts)
		if err != nil {
			t.Fatal(err)
		}
		r, err := audit.Run(t.Context(), audit.Job{
			Images: []string{debian}, Policy: p, FailOn: audit.Any, Now: time.Unix(1_800_000_000, 0), Engine: engine.Options{Cache: c},
		})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	same := func(what string, opts policy.Options, files ...string) {
		t.Helper()
		first, second, fresh := judge(kept, opts, files...), judge(kept, opts, files...), judge(nil, opts, files...)
		for _, r := range []*audit.Result{first, second} {
			if d := cmp.Diff(asJSON(t, fresh.Targets), asJSON(t, r.Targets)); d != "" {
				t.Errorf("%s: (-without a cache +with one)\n%s", what, d)
			}
		}
	}
	baseline := write("b.toml", "[system]\ntimezone = \"UTC\"\n")
	same("a baseline", policy.Options{}, baseline)
	if entries, err := kept.List(); err != nil || len(entries) != 2 {
		t.Errorf("%d documents are kept, want the facts and the verdict (%v)", len(entries), err)
	}
	same("a baseline that is read a second later", policy.Options{Now: time.Unix(1_800_000_001, 0)}, baseline)
	if entries, err := kept.List(); err != nil || len(entries) != 2 {
		t.Errorf("%d documents are kept when the time is another, want those of before (%v)", len(entries), err)
	}
	write("b.toml", "[system]\ntimezone = \"Asia/Tokyo\"\n")
	same("an edited baseline", policy.Options{}, baseline)
	waived := write("w.toml", "[baseline]\nframeworks = [\"cis_debian12\"]\n[system]\ntimezone = \"Asia/Tokyo\"\n"+
		accepted("system.timezone", "targets = { os = ['debian'] }", "expires = 2030-01-01"))
	same("a waiver and a framework", policy.Options{}, waived)
	if r := judge(kept, policy.Options{}, waived); r.Targets[0].Waived != 1 || len(r.Targets[0].Frameworks) != 1 || r.Waivers[0].Use != audit.WaiverUsed {
		t.Errorf("of a kept verdict: %+v, %+v", r.Targets[0], r.Waivers)
	}
	write("list.txt", "bash\n")
	only := write("only.toml", "[packages.only]\nfile = \""+list+"\"\n")
	same("a list beside a baseline", policy.Options{}, only)
	write("list.txt", "*\n")
	same("an edited list", policy.Options{}, only)
	rule := write("r.rego", "package main\n\ndeny contains \"a\" if input.os.id\n")
	same("a policy in Rego", policy.Options{Policies: []string{rule}})
	write("r.rego", "package main\n\ndeny contains \"b\" if input.os.id\n")
	same("an edited policy", policy.Options{Policies: []string{rule}})
	role := write("role.toml", "[baseline]\napplies_to = { labels = { role = \"web\" } }\n[system]\ntimezone = \"UTC\"\n")
	same("a label", policy.Options{Labels: map[string]string{"role": "web"}}, role)
	same("another label", policy.Options{Labels: map[string]string{"role": "db"}}, role)
	same("a level", policy.Options{}, "builtin:linux-server@cis-l1")
	same("another level", policy.Options{}, "builtin:linux-server")
}

// TestKeptVerdictsOfAnotherName: a policy may ask for the name that an image was given by.
func TestKeptVerdictsOfAnotherName(t *testing.T) {
	dir := t.TempDir()
	rule := filepath.Join(dir, "r.rego")
	if err := os.WriteFile(rule, []byte("package main\n\ndeny contains input.meta.image.path if input.os.id\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p, err := policy.Load(nil, policy.Options{Policies: []string{rule}})
	if err != nil {
		t.Fatal(err)
	}
	target, err := filepath.Abs(debian)
	if err != nil {
		t.Fatal(err)
	}
	kept := &cache.Cache{Dir: filepath.Join(dir, "cache"), Version: "test", Limit: 1 << 20}
	for _, name := range []string{"a.raw", "b.raw"} {
		image := filepath.Join(dir, name)
		if err := os.Symlink(target, image); err != nil {
			t.Fatal(err)
		}
		r, err := audit.Run(t.Context(), audit.Job{
			Images: []string{image}, Policy: p, FailOn: audit.Any, Now: time.Unix(1_800_000_000, 0), Engine: engine.Options{Cache: kept},
		})
		if err != nil {
			t.Fatal(err)
		}
		if got := r.Targets[0].Checks[0].Message; got != image {
			t.Errorf("the finding about %s tells of %s", image, got)
		}
	}
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	b, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
