package policy_test

import (
	"context"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/finding"
	"github.com/guestctl/guestctl/policy"
	"github.com/guestctl/guestctl/policy/rego"
)

// named is a check in Rego that wants the guest to have a name.
const named = `# METADATA
# title: The host has the name
# custom:
#   id: own-name
#   severity: low
#   facts: [hostname.value]
#   params:
#     name: {type: string, default: web01}
#     most: {type: number, default: 1}
#     names: {type: array, default: []}
#     strict: {type: boolean, default: true}
#   remediation: Write the name into /etc/hostname.
package own.name

import data.guestctl.params

deny contains {"msg": "another name", "actual": input.hostname.value, "expected": params["own-name"].name} if {
	input.hostname.value != params["own-name"].name
}
`

// loadWith returns a baseline with a check in Rego beside it.
func loadWith(t *testing.T, toml string) *policy.Policy {
	t.Helper()
	p, err := policy.Load([]string{write(t, "b.toml", "[rego]\ndirs = ['name.rego']\n"+toml, "name.rego", named)}, policy.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// builtins lists the ids of built-in checks that begin with one of some words.
func builtins(t *testing.T, begin ...string) []string {
	t.Helper()
	program, err := rego.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, c := range program.Checks {
		if slices.ContainsFunc(begin, func(b string) bool { return strings.HasPrefix(c.ID, b) }) {
			all = append(all, c.ID)
		}
	}
	return all
}

func TestHygiene(t *testing.T) {
	all := builtins(t, "hygiene-")
	but := func(out ...string) []string {
		return slices.DeleteFunc(slices.Clone(all), func(id string) bool { return slices.Contains(out, id) })
	}
	if len(all) < 20 {
		t.Fatalf("%d checks", len(all))
	}
	for name, c := range map[string]struct {
		text string
		want []string
	}{
		"all":                       {"[hygiene]\nall = true\n", all},
		"all but some":              {"[hygiene]\nall = true\nskip = ['logs', 'random-seed']\n", but("hygiene-logs", "hygiene-random-seed")},
		"skip before all":           {"[hygiene]\nskip = ['logs']\nall = true\n", but("hygiene-logs")},
		"all but one, by its name":  {"[hygiene]\nall = true\nlogs = false\n", but("hygiene-logs")},
		"single ones":               {"[hygiene]\nlogs = true\nmachine-id = true\n", []string{"hygiene-logs", "hygiene-machine-id"}},
		"a single one, another not": {"[hygiene]\nlogs = true\nmachine-id = false\n", []string{"hygiene-logs"}},
		"free keys":                 {"[hygiene]\nx-why = 'so'\nlogs = true\n", []string{"hygiene-logs"}},
		"by pattern":                {"[rego]\nbuiltin = ['hygiene-machine-*']\n", []string{"hygiene-machine-id", "hygiene-machine-identities"}},
		"twice":                     {"[hygiene]\nlogs = true\n[rego]\nbuiltin = ['hygiene-logs', 'hygiene-log*']\n", []string{"hygiene-logs"}},
		"skipped of a pattern":      {"[hygiene]\nall = true\nskip = ['logs']\n[rego]\nbuiltin = ['hygiene-l*', 'hygiene-m*']\n", but("hygiene-logs")},
		"the same by two files":     {"[baseline]\nextends = ['builtin:golden-image']\n[hygiene]\nlogs = true\n", all},
		"taken away":                {"disable = [{ id = 'hygiene-logs', reason = 'shipped with logs' }]\n[baseline]\nextends = ['builtin:golden-image']\n", but("hygiene-logs")},
	} {
		t.Run(name, func(t *testing.T) {
			if d := cmp.Diff(c.want, ids(load(t, c.text))); d != "" {
				t.Errorf("-want +got\n%s", d)
			}
		})
	}
}

// TestRulesThatAreRefused has a baseline for each mistake about checks in Rego, with the whole message.
func TestRulesThatAreRefused(t *testing.T) {
	const golden, own = "[baseline]\nextends = ['builtin:golden-image']\n", "[rego]\ndirs = ['name.rego']\n"
	for name, c := range map[string]struct{ text, want string }{
		"hygiene, no such check":         {"[hygiene]\nrandom-sed = true\n", "b.toml:2:1: no built-in check hygiene-random-sed, did you mean hygiene-random-seed?"},
		"hygiene, no such check to skip": {"[hygiene]\nall = true\nskip = ['log']\n", "b.toml:3:9: no built-in check hygiene-log, did you mean hygiene-logs?"},
		"hygiene, no such check, false":  {"[hygiene]\nall = true\nrandom-sed = false\n", "b.toml:3:1: no built-in check hygiene-random-sed, did you mean hygiene-random-seed?"},
		"hygiene, no flag":               {"[hygiene]\nall = 'yes'\n", "b.toml:2:7: hygiene.all is a string, want true or false"},
		"hygiene, no list":               {"[hygiene]\nall = true\nskip = 'logs'\n", "b.toml:3:8: hygiene.skip is a string, want a list"},
		"hygiene, no table":              {"hygiene = true\n", "b.toml:1:11: hygiene is true or false, want a table"},
		"hygiene, skip of nothing":       {"[hygiene]\nskip = ['logs']\nmachine-id = true\n", "b.toml:2:1: hygiene.skip leaves something out of all checks, and all = true does not stand beside it; disable takes away a check of another file"},
		"hygiene, skip of another file":  {golden + "[hygiene]\nall = true\nskip = ['logs']\n", "b.toml:5:9: check hygiene-logs comes from another file, which skip does not change; disable takes it away"},
		"hygiene, nothing":               {"[hygiene]\nall = false\n", "b.toml: 0 checks: nothing would be judged"},

		"built-in, no such check":    {"[rego]\nbuiltin = ['ssh-root-logn']\n", "b.toml:2:12: no built-in check ssh-root-logn, did you mean ssh-root-login?"},
		"built-in, nothing matches":  {"[rego]\nbuiltin = ['hygiene-log*', 'xyz-*']\n", "b.toml:2:28: no built-in check xyz-*"},
		"built-in, no pattern":       {"[rego]\nbuiltin = ['ssh-[']\n", "b.toml:2:12: \"ssh-[\" is no pattern: syntax error in pattern"},
		"built-in, no list":          {"[rego]\nbuiltin = 'ssh-*'\n", "b.toml:2:11: rego.builtin is a string, want a list"},
		"key of rego":                {"[rego]\nbultin = ['ssh-*']\n", "b.toml:2:1: unknown key rego.bultin, did you mean rego.builtin?"},
		"folder that is missing":     {"[rego]\ndirs = ['gone']\n", "gone: no such file or folder"},
		"duplicate of a built-in":    {"[rego]\ndirs = ['hygiene.rego']\nbuiltin = ['hygiene-logs']\n", "hygiene.rego:1:1: duplicate check hygiene-logs, first at rules/rego/hygiene/logs.rego:1; give one of them another id"},
		"built-in after an own one":  {"[baseline]\nextends = ['own.toml']\n[rego]\nbuiltin = ['hygiene-logs']\n", "b.toml:4:12: duplicate check hygiene-logs, first at hygiene.rego:1; give that one another id"},
		"two own ones":               {"[rego]\ndirs = ['name.rego', 'again.rego']\n", "again.rego:1:1: duplicate check own-name, first at name.rego:1; give one of them another id"},
		"parameters of no check":     {own + "[params.own-nam]\nname = 'a'\n", "b.toml:4:1: params.own-nam: no check own-nam takes parameters here, did you mean own-name?"},
		"parameters of one not here": {"[hygiene]\nhostname = true\n[params.hygiene-logs]\nallowed = []\n", "b.toml:4:1: params.hygiene-logs: no check hygiene-logs takes parameters here"},
		"no such parameter":          {own + "[params.own-name]\nnam = 'a'\n", "b.toml:4:1: check own-name has no parameter nam, did you mean name?"},
		"a parameter unlike any":     {"[hygiene]\nlogs = true\n[params.hygiene-logs]\nverbosity = 3\n", "b.toml:4:1: check hygiene-logs has no parameter verbosity, it has allowed"},
		"a number for a text":        {own + "[params.own-name]\nname = 3\n", "b.toml:4:8: params.own-name.name is an integer, want a string"},
		"a text for a number":        {own + "[params.own-name]\nmost = '3'\n", "b.toml:4:8: params.own-name.most is a string, want a number"},
		"a text for a list":          {own + "[params.own-name]\nnames = 'a'\n", "b.toml:4:9: params.own-name.names is a string, want a list"},
		"a text for a flag":          {own + "[params.own-name]\nstrict = 'no'\n", "b.toml:4:10: params.own-name.strict is a string, want a boolean"},
		"parameters as a value":      {own + "[params]\nown-name = 3\n", "b.toml:4:12: params.own-name is an integer, want a table"},
		"no such check to disable":   {"disable = [{ id = 'hygiene-log', reason = 'x' }]\n" + golden, "b.toml:1:19: no check hygiene-log to disable, did you mean hygiene-logs?"},
		"disabled without a reason":  {"disable = [{ id = 'hygiene-logs' }]\n" + golden, "b.toml:1:12: an entry of disable wants an id and a reason"},
		"no such baseline":           {"[baseline]\nextends = ['builtin:golden-imag']\n", "b.toml:2:12: extends builtin:golden-imag: no such built-in baseline, want builtin:golden-image, builtin:linux-server, builtin:malware or builtin:windows-server, did you mean builtin:golden-image?"},
		"no such level":              {"[baseline]\nextends = ['builtin:linux-server@cis-l3']\n", "b.toml:2:12: extends builtin:linux-server@cis-l3: no level cis-l3, want cis-l1, cis-l2, anssi-minimal, anssi-intermediary, anssi-enhanced or anssi-high, did you mean cis-l1?"},
		"a level without checks":     {"[baseline]\nextends = ['builtin:golden-image@cis-l1']\n", "b.toml: 0 checks: nothing would be judged"},
		"a mistake in Rego":          {"[rego]\ndirs = ['typo.rego']\n", "typo.rego:6:28: no fact input.hostnam, did you mean input.hostname?"},
	} {
		t.Run(name, func(t *testing.T) {
			got := loadError(
				t, "b.toml", c.text, "name.rego", named, "again.rego", strings.Replace(named, "package own.name", "package own.again", 1),
				"hygiene.rego", strings.ReplaceAll(named, "own-name", "hygiene-logs"), "own.toml", "[rego]\ndirs = ['hygiene.rego']\n",
				"typo.rego", "# METADATA\n# title: x\n# custom: {id: typo, facts: [hostname]}\npackage own.typo\n\ndeny contains \"x\" if input.hostnam.value\n",
			)
			if got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestParameters(t *testing.T) {
	status := func(p *policy.Policy, id string) finding.Status {
		return byID(t, p.Judge(t.Context(), guestFacts()), id).Status
	}
	if got := status(loadWith(t, ""), "own-name"); got != pass {
		t.Errorf("by default: %s", got)
	}
	other := loadWith(t, "[params.own-name]\nname = 'db01'\nmost = 2.5\nnames = ['a', 1]\nstrict = false\n")
	f := byID(t, other.Judge(t.Context(), guestFacts()), "own-name")
	if f.Status != fail || f.Expected != "db01" || f.Actual != "web01" || f.Severity != finding.Low || f.Fix != "Write the name into /etc/hostname." {
		t.Errorf("given: %+v", f)
	}
	if got := status(loadWith(t, "[vars]\nname = 'db01'\n[params.own-name]\nname = '${name}'\n"), "own-name"); got != fail {
		t.Errorf("by a variable: %s", got)
	}
	if got := status(load(t, "[hygiene]\nhostname = true\n"), "hygiene-hostname"); got != fail {
		t.Errorf("built-in, by default: %s", got)
	}
	if got := status(load(t, "[hygiene]\nhostname = true\n[params.hygiene-hostname]\nallowed = ['web01']\n"), "hygiene-hostname"); got != pass {
		t.Errorf("built-in, given: %s", got)
	}
	// a later file changes one value and keeps the other
	base := "[hygiene]\nhostname = true\n[params.hygiene-hostname]\nallowed = ['db01']\n"
	p, err := policy.Load([]string{write(t, "web.toml", "[baseline]\nextends = ['base.toml']\n[params.hygiene-hostname]\nallowed = ['web01']\n", "base.toml", base)}, policy.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if got := status(p, "hygiene-hostname"); got != pass {
		t.Errorf("by the later file: %s", got)
	}
}

// TestDirsAreSeenFromTheirBaseline loads a folder that lies beside a baseline that another folder's baseline extends.
func TestDirsAreSeenFromTheirBaseline(t *testing.T) {
	base := write(t, "base.toml", "[rego]\ndirs = ['name.rego']\n", "name.rego", named, "name_test.rego", "package own.name_test\n\ntest_pass if true\n")
	for what, text := range map[string]string{
		"a file": "[baseline]\nextends = ['" + base + "']\n", "a folder": "[rego]\ndirs = ['" + filepath.Dir(base) + "']\n",
	} {
		p := load(t, text)
		if want := []string{"own-name"}; !slices.Equal(ids(p), want) {
			t.Errorf("%s: %v, want %v", what, ids(p), want)
		}
		if f := p.Judge(t.Context(), guestFacts())[0]; f.Status != pass || f.Policy.File != filepath.Join(filepath.Dir(base), "name.rego") || f.Policy.Line != 1 {
			t.Errorf("%s: %+v", what, f)
		}
	}
}

func TestDisabledRulesAreListed(t *testing.T) {
	p := load(t, "[baseline]\nextends = ['builtin:golden-image']\n[[disable]]\nid = 'hygiene-logs'\nreason = 'logs of the tests are wanted'\n")
	want := []policy.Disabled{{ID: "hygiene-logs", Reason: "logs of the tests are wanted", Position: finding.Position{File: p.Files[1], Line: 3}}}
	if d := cmp.Diff(want, p.Disabled); d != "" {
		t.Error(d)
	}
	if slices.Contains(p.Request().Domains, "log_files") {
		t.Error("facts are gathered for a check that was taken away")
	}
}

func TestConditionsOfRules(t *testing.T) {
	status := func(text string) map[string]finding.Status {
		all := map[string]finding.Status{}
		for _, f := range load(t, text).Judge(t.Context(), guestFacts()) {
			all[f.ID] = f.Status
		}
		return all
	}
	rocky := "[baseline]\napplies_to = { os = ['rocky'] }\n"
	if got := status(rocky + "[hygiene]\nhostname = true\n")["hygiene-hostname"]; got != notApp {
		t.Errorf("built-in, of another system: %s", got)
	}
	if got := status(strings.Replace(rocky, "rocky", "debian", 1) + "[hygiene]\nhostname = true\n")["hygiene-hostname"]; got != fail {
		t.Errorf("built-in, of this system: %s", got)
	}
	base := write(t, "base.toml", rocky+"[rego]\ndirs = ['name.rego']\n", "name.rego", named)
	got := status("[baseline]\nextends = ['" + base + "']\n[hygiene]\nhostname = true\n")
	if want := map[string]finding.Status{"own-name": notApp, "hygiene-hostname": fail}; !cmp.Equal(got, want) {
		t.Errorf("the conditions of the file that asks for a check: %v, want %v", got, want)
	}
}

// TestRulesWithoutTheirFacts: what was not read is unknown, and what the guest has not is no concern of the check.
func TestRulesWithoutTheirFacts(t *testing.T) {
	p := loadWith(t, "")
	for state, want := range map[facts.State]finding.Status{
		facts.Error: unknown, facts.Partial: unknown, facts.Unsupported: unknown, "": unknown, facts.Absent: notApp,
	} {
		doc := without("hostname", state)
		if state == "" {
			delete(doc.Collectors, "hostname")
		}
		if f := p.Judge(t.Context(), doc)[0]; f.Status != want {
			t.Errorf("%q: %s: %s, want %s", state, f.Status, f.Message, want)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if f := p.Judge(ctx, guestFacts())[0]; f.Status != unknown {
		t.Errorf("interrupted: %s", f.Status)
	}
}

// TestBuiltinBaselinesHaveEveryCheck keeps a topic of checks from being in none of them: a topic that has a baseline of its own is there
// alone, and all others are in that of servers.
func TestBuiltinBaselinesHaveEveryCheck(t *testing.T) {
	servers := builtins(t, "")
	for name, own := range map[string]struct {
		prefix string
		shared []string // checks of linux-server that belong to both
	}{
		"golden-image":   {"hygiene-", nil},
		"malware":        {"malware-", []string{"files-privileged-files-packaged", "users-only-root-has-uid-zero"}},
		"windows-server": {"windows-", nil},
	} {
		topic := builtins(t, own.prefix)
		want := slices.Sorted(slices.Values(slices.Concat(topic, own.shared)))
		hasChecks(t, name, load(t, "[baseline]\nextends = ['builtin:"+name+"']\n"), want)
		servers = slices.DeleteFunc(servers, func(id string) bool { return slices.Contains(topic, id) })
	}
	hasChecks(t, "linux-server", load(t, "[baseline]\nextends = ['builtin:linux-server']\n"), servers)
}

func hasChecks(t *testing.T, name string, p *policy.Policy, want []string) {
	t.Helper()
	if d := cmp.Diff(want, ids(p)); d != "" {
		t.Errorf("%s: -want +got\n%s", name, d)
	}
	if p.ID == "" || p.Title == "" || p.Version == "" {
		t.Errorf("%v has no header", p.Files)
	}
}

func TestLevels(t *testing.T) {
	minimal, one, two := load(t, extending("@anssi-minimal")), load(t, extending("@cis-l1")), load(t, extending("@cis-l2"))
	if len(minimal.Checks) == 0 || len(one.Checks) == 0 || len(two.Checks) <= len(one.Checks) {
		t.Errorf("%d, %d and %d checks", len(minimal.Checks), len(one.Checks), len(two.Checks))
	}
	for _, id := range ids(one) {
		if !slices.Contains(ids(two), id) {
			t.Errorf("%s is in level 1 and not in level 2", id)
		}
	}
	if !slices.Contains(ids(one), "ssh-root-login") || slices.Contains(ids(minimal), "ssh-root-login") {
		t.Error("ssh-root-login is of cis-l1 and of anssi-intermediary")
	}
}

func extending(level string) string {
	return "[baseline]\nextends = ['builtin:linux-server" + level + "']\n"
}

// TestABuiltinCheckAndOneOfTheSameFile: neither takes the place of the other by chance.
func TestABuiltinCheckAndOneOfTheSameFile(t *testing.T) {
	name := write(t, "b.toml", "[rego]\nbuiltin = ['ssh-root-*']\n[[rule]]\nid = 'ssh-root-login'\ntitle = 'x'\nfile = '/etc/x'\nmatch = 'y'\n")
	_, err := policy.Load([]string{name}, policy.Options{})
	want := name + ":2:12: duplicate check ssh-root-login, first at line 3; give that one another id"
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

// TestACheckThatComesBackIsNotDisabled: what a later file asks for again is judged, and reports must not say otherwise.
func TestACheckThatComesBackIsNotDisabled(t *testing.T) {
	name := write(t, "a.toml", "[baseline]\nextends = ['builtin:linux-server']\ndisable = [{ id = 'ssh-root-login', reason = 'r' }]\n", "b.toml", "[rego]\nbuiltin = ['ssh-*']\n")
	p, err := policy.Load([]string{name, filepath.Join(filepath.Dir(name), "b.toml")}, policy.Options{})
	if err != nil {
		t.Fatal(err)
	}
	judged := slices.ContainsFunc(p.Checks, func(c policy.Check) bool { return c.ID == "ssh-root-login" })
	if !judged || len(p.Disabled) > 0 {
		t.Errorf("judged %v, disabled %v", judged, p.Disabled)
	}
}
