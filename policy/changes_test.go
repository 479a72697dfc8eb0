package policy_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/guestctl/guestctl/policy"
)

const regoMetadata = "# METADATA\n# title: A\n# custom:\n#   id: test-a\n#   severity: low\n#   facts: [os]\npackage guestctl.test.a\n\n"

// TestWhatDiffersBetweenChecks: what judges alike is the same, whatever its layout, and what does not is not.
func TestWhatDiffersBetweenChecks(t *testing.T) {
	for name, c := range map[string]struct {
		old, new map[string]string
		id       string
		want     []string
	}{
		"another layout": {
			inTOML("[system]\ntimezone = \"UTC\"\n"), inTOML("# a comment\nsystem.timezone = 'UTC'\n"), "system.timezone", nil,
		},
		"the long form of the same": {
			inTOML("[config.sshd]\nPort = 22\n"), inTOML("[config.sshd]\nPort = { equals = 22 }\n"), "config.sshd.Port", []string{"asks"},
		},
		"another value":    {inTOML("[config.sshd]\nPort = 22\n"), inTOML("[config.sshd]\nPort = 23\n"), "config.sshd.Port", []string{"asks", "title"}},
		"another operator": {inTOML("[config.sshd]\nMaxAuthTries = { max = 4 }\n"), inTOML("[config.sshd]\nMaxAuthTries = { min = 4 }\n"), "config.sshd.MaxAuthTries", []string{"asks", "title"}},
		"another severity, reference, fix and condition": {
			inTOML("[packages.required]\npackages = [\"a\"]\n"),
			inTOML("[packages.required]\npackages = [{ name = \"a\", severity = \"high\", refs = [\"CIS 1\"], fix = \"apt\", when = { os = [\"debian\"] } }]\n"),
			"packages.required/a",
			[]string{"asks", "condition", "controls", "fix", "severity"},
		},
		"a value of a variable": {
			inTOML("[vars]\nz = \"UTC\"\n[system]\ntimezone = \"${z}\"\n"), inTOML("[vars]\nz = \"Asia/Tokyo\"\n[system]\ntimezone = \"${z}\"\n"), "system.timezone", []string{"asks", "title"},
		},
		"another list of packages in a file": {
			with(inTOML("[packages.only]\nfile = \"list\"\n"), "list", "a\nb\n"), with(inTOML("[packages.only]\nfile = \"list\"\n"), "list", "a\nc\n"), "packages.only", []string{"asks"},
		},
		"the same list with a comment": {
			with(inTOML("[packages.only]\nfile = \"list\"\n"), "list", "a\nb\n"), with(inTOML("[packages.only]\nfile = \"list\"\n"), "list", "# all\na\nb\n"), "packages.only", nil,
		},
		"another key of what another judge decides": {
			inTOML("[drift]\nexplained = \"pass\"\n"), inTOML("[drift]\nexplained = \"pass\"\nmax_unexplained = 3\n"), "drift", []string{"asks"},
		},
		"another condition of the whole file": {
			inTOML("[system]\ntimezone = \"UTC\"\n"), inTOML("[baseline]\napplies_to = { os = [\"debian\"] }\n[system]\ntimezone = \"UTC\"\n"), "system.timezone", []string{"condition"},
		},
		"a comment in Rego": {inRego("deny contains \"no\" if input.os.id == \"x\"\n"), inRego("# why\ndeny contains \"no\" if {\n\tinput.os.id == \"x\"\n}\n"), "test-a", nil},
		"other Rego":        {inRego("deny contains \"no\" if input.os.id == \"x\"\n"), inRego("deny contains \"no\" if input.os.id == \"y\"\n"), "test-a", []string{"rule"}},
		"another library of Rego": {
			with(inRego("import data.site.ids\n\ndeny contains \"no\" if input.os.id in ids.bad\n"), "ids.rego", "package site.ids\n\nbad := {\"x\"}\n"),
			with(inRego("import data.site.ids\n\ndeny contains \"no\" if input.os.id in ids.bad\n"), "ids.rego", "package site.ids\n\nbad := {\"y\"}\n"), "test-a",
			[]string{"rule"},
		},
		"another baseline that Rego reads": {
			with(inRego("deny contains \"no\" if input.os.id == data.baseline.meta.id\n"), "b.toml", "[meta]\nid = \"x\"\n[system]\ntimezone = \"UTC\"\n"),
			with(inRego("deny contains \"no\" if input.os.id == data.baseline.meta.id\n"), "b.toml", "[meta]\nid = \"y\"\n[system]\ntimezone = \"UTC\"\n"), "test-a",
			[]string{"rule"},
		},
		"a parameter of a built-in check": {
			inTOML("[baseline]\nextends = [\"builtin:linux-server\"]\n"),
			inTOML("[baseline]\nextends = [\"builtin:linux-server\"]\n[params.ssh-max-auth-tries]\nmost = 3\n"), "ssh-max-auth-tries",
			[]string{"parameters"},
		},
	} {
		a, b := loadFiles(t, name, c.old), loadFiles(t, name, c.new)
		var got []string
		for _, d := range a.Differences(checkOf(t, a, c.id), b, checkOf(t, b, c.id)) {
			got = append(got, d.What)
		}
		slices.Sort(got)
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

func inTOML(text string) map[string]string { return map[string]string{"b.toml": text} }

func inRego(rules string) map[string]string { return map[string]string{"a.rego": regoMetadata + rules} }

func with(files map[string]string, name, text string) map[string]string {
	files[name] = text
	return files
}

func loadFiles(t *testing.T, name string, files map[string]string) *policy.Policy {
	t.Helper()
	dir := t.TempDir()
	var baselines []string
	var opts policy.Options
	for file, text := range files {
		path := filepath.Join(dir, file)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		switch filepath.Ext(file) {
		case ".toml":
			baselines = append(baselines, path)
		case ".rego":
			opts.Policies = []string{dir}
		}
	}
	p, err := policy.Load(baselines, opts)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return p
}

func checkOf(t *testing.T, p *policy.Policy, id string) *policy.Check {
	t.Helper()
	i := slices.IndexFunc(p.Checks, func(c policy.Check) bool { return c.ID == id })
	if i < 0 {
		t.Fatalf("no check %s", id)
	}
	return &p.Checks[i]
}
