package policy_test

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/finding"
	"github.com/guestctl/guestctl/policy"
)

// waiver is a whole one, after a check, with the lines of more in it.
func waiver(more ...string) string {
	return "[system]\nos = 'a'\n[[waiver]]\nrule = 'system.os'\nreason = 'r'\nowner = 'o'\n" + strings.Join(more, "\n") + "\n"
}

func TestWaiverErrors(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"no expiry", waiver(), "b.toml:3:3: a waiver without expires: every exception ends; write the last day it holds, such as expires = 2027-06-30"},
		{"a year as a date", waiver("expires = 2026"), "b.toml:7:11: waiver.expires is the number 2026, want a whole date, such as 2027-06-30"},
		{"a string", waiver("expires = '2026-12-31'"), "b.toml:7:11: waiver.expires is a string, want a date without quotes, such as 2027-06-30"},
		{"a time", waiver("expires = 2026-12-31T10:00:00Z"), "b.toml:7:11: waiver.expires is a time of day, want a date alone, such as 2027-06-30: the whole day counts, in UTC"},
		{"a local time", waiver("expires = 2026-12-31 10:00:00"), "b.toml:7:11: waiver.expires is a time of day, want a date alone, such as 2027-06-30: the whole day counts, in UTC"},
		{"a clock", waiver("expires = 10:00:00"), "b.toml:7:11: waiver.expires is a time of day, want a date alone, such as 2027-06-30: the whole day counts, in UTC"},
		{"true", waiver("expires = true"), "b.toml:7:11: waiver.expires is true or false, want a date, such as 2027-06-30"},
		{"an impossible date", waiver("expires = 2026-02-29"), "b.toml:7:11: invalid datetime: \"2026-02-29\""},
		{"an impossible month", waiver("expires = 2026-13-01"), "b.toml:7:11: invalid datetime: \"2026-13-01\""},
		{"a short month", waiver("expires = 2026-9-01"), "b.toml:7:11: invalid datetime: \"2026-9-01\""},

		{"no rule", "[[waiver]]\nreason = 'r'\nowner = 'o'\nexpires = 2026-12-31\n", "b.toml:1:3: a waiver without rule: every exception says what it is for, why, and who answers for it"},
		{"nothing", "[[waiver]]\n", "b.toml:1:3: a waiver without rule: every exception says what it is for, why, and who answers for it\n" +
			"b.toml:1:3: a waiver without reason: every exception says what it is for, why, and who answers for it\n" +
			"b.toml:1:3: a waiver without owner: every exception says what it is for, why, and who answers for it\n" +
			"b.toml:1:3: a waiver without expires: every exception ends; write the last day it holds, such as expires = 2027-06-30"},
		{"empty reason", strings.Replace(waiver("expires = 2026-12-31"), "'r'", "' '", 1), "b.toml:5:10: waiver.reason is empty"},
		{"pattern", strings.Replace(waiver("expires = 2026-12-31"), "system.os'\nr", "system.[os'\nr", 1), "b.toml:4:8: waiver.rule is \"system.[os\", which is no pattern: a [ without its ]"},
		{"key", waiver("expires = 2026-12-31", "until = 2026-12-31"), "b.toml:8:1: unknown key waiver.until, want approved_by, owner, reason, ticket, expires, rule or targets"},
		{"key with a typing mistake", waiver("expirse = 2026-12-31"), "b.toml:3:3: a waiver without expires: every exception ends; write the last day it holds, such as expires = 2027-06-30\nb.toml:7:1: unknown key waiver.expirse, did you mean expires?"},
		{"one table", "[waiver]\nrule = 'a'\n", "b.toml:1:2: waiver is a table, want [[waiver]]"},
		{"an entry that is no table", "waiver = ['a']\n", "b.toml:1:11: an entry of waiver is a string, want a table"},
		{"target", waiver("expires = 2026-12-31", "targets = { images = ['a'] }"), "b.toml:8:13: unknown key waiver.targets.images, did you mean image?"},
		{"empty targets", waiver("expires = 2026-12-31", "targets = {}"), "b.toml:8:11: waiver.targets names no image, no operating system and no label"},
		{"no target image", waiver("expires = 2026-12-31", "targets = { image = [] }"), "b.toml:8:21: waiver.targets.image is empty and would not narrow the waiver: name what it is for, or leave it out"},
		{"no target image beside a system", waiver("expires = 2026-12-31", "targets = { image = [], os = ['debian'] }"), "b.toml:8:21: waiver.targets.image is empty and would not narrow the waiver: name what it is for, or leave it out"},
		{"no target label beside a system", waiver("expires = 2026-12-31", "targets = { labels = {}, os = ['debian'] }"), "b.toml:8:22: waiver.targets.labels is empty and would not narrow the waiver: name what it is for, or leave it out"},
		{"target image", waiver("expires = 2026-12-31", "targets = { image = 'a' }"), "b.toml:8:21: waiver.targets.image is a string, want a list"},
		{"target image pattern", waiver("expires = 2026-12-31", "targets = { image = ['a', 'b[]'] }"), "b.toml:8:27: an entry of waiver.targets.image is \"b[]\", which is no pattern: a set of characters that is none"},
		{"target os", waiver("expires = 2026-12-31", "targets = { os = ['=>12'] }"), "b.toml:8:19: \"=>\" is no comparison, want ==, !=, >=, <=, > or <\nb.toml:8:19: \"=>12\" names no operating system, want one such as \"debian==12\""},
		{"target label", waiver("expires = 2026-12-31", "targets = { labels = { role = 1 } }"), "b.toml:8:31: waiver.targets.labels.role is an integer, want a string"},
		{"two for the same", waiver("expires = 2026-12-31", "[[waiver]]", "rule = 'system.os'", "reason = 'x'", "owner = 'y'", "expires = 2027-12-31"), "b.toml:8:3: a second waiver for system.os and the same targets, the first is at b.toml:3; remove one of them"},

		{"limit", waiver("expires = 2026-12-24", "[waivers]", "max_days = 30"), "b.toml:7:11: expires is 31 days away, and waivers.max_days allows 30"},
		{"negative limit", "[waivers]\nmax_days = -1\n", "b.toml:2:12: waivers.max_days is -1, want a number of days from 0 to 36600"},
		{"limit that is no number", "[waivers]\nmax_days = '30'\n", "b.toml:2:12: waivers.max_days is a string, want an integer"},
		{"approval", "[waivers]\nrequire_approval = 1\n", "b.toml:2:20: waivers.require_approval is an integer, want true or false"},
		{"rule of waivers", "[waivers]\nmaxdays = 1\n", "b.toml:2:1: unknown key waivers.maxdays, did you mean waivers.max_days?"},
	} {
		t.Run(c.name, func(t *testing.T) {
			name := write(t, "b.toml", c.text)
			_, err := policy.Load([]string{name}, policy.Options{Now: today})
			if err == nil {
				t.Fatal("accepted")
			}
			if got := strings.ReplaceAll(err.Error(), filepath.Dir(name)+"/", ""); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

// today is late on 2026-11-23 in UTC, which is the next day east of it.
var today = time.Date(2026, 11, 24, 4, 30, 0, 0, time.FixedZone("", 5*60*60))

func TestWholeWaiver(t *testing.T) {
	p := load(t, `[system]
os = "a"
[[waiver]]
rule = "system.os"
targets = { image = ["web-*", "db"], os = ["debian>=12"], labels = { role = "web", env = "test" } }
reason = "r"
owner = "o"
approved_by = "c"
ticket = "t"
x-own = 1
expires = 2026-12-31
`)
	w := p.Waivers.List[0]
	want := &finding.Waiver{Reason: "r", Owner: "o", Expires: "2026-12-31", DaysLeft: 38, ApprovedBy: "c", Ticket: "t", Policy: finding.Position{File: p.Files[0], Line: 3}}
	if diff := cmp.Diff(want, w.Finding(today)); diff != "" {
		t.Error(diff)
	}
	if w.Targets != "image web-* or db; debian>=12; label role=web and env=test" || p.Waivers.WarnDays != 30 {
		t.Errorf("%q, %d", w.Targets, p.Waivers.WarnDays)
	}
}

func TestTheDayOfExpiryCounts(t *testing.T) {
	for _, c := range []struct {
		now  string
		want policy.WaiverState
	}{
		{"2026-11-20T00:00:00Z", policy.WaiverValid},
		{"2026-11-30T23:59:59Z", policy.WaiverValid},
		{"2026-12-01T00:00:00Z", policy.WaiverExpiring}, // 30 days before
		{"2026-12-31T00:00:00Z", policy.WaiverExpiring},
		{"2026-12-31T23:59:59Z", policy.WaiverExpiring},
		{"2027-01-01T00:00:00Z", policy.WaiverExpired},
		{"2027-01-01T13:00:00+14:00", policy.WaiverExpiring}, // still the last day in UTC
		{"2026-12-31T20:00:00-05:00", policy.WaiverExpired},  // the next day in UTC
	} {
		now, err := time.Parse(time.RFC3339, c.now)
		if err != nil {
			t.Fatal(err)
		}
		w := load(t, waiver("approved_by = 'c'", "expires = 2026-12-31")).Waivers
		if got := w.List[0].State(now, w.WarnDays); got != c.want {
			t.Errorf("%s: %s, want %s", c.now, got, c.want)
		}
	}
}

func TestNoApprovalNoEffect(t *testing.T) {
	ask, open := "[waivers]\nrequire_approval = true", "[waivers]\nrequire_approval = false"
	for _, c := range []struct {
		name, waiver, baseline string
		want                   policy.WaiverState
	}{
		{"asked for by default", waiver("expires = 2027-12-31"), "", policy.WaiverUnapproved},
		{"approved", waiver("expires = 2027-12-31", "approved_by = 'c'"), "", policy.WaiverValid},
		{"not asked for", waiver("expires = 2027-12-31", open), "", policy.WaiverValid},
		{"asked for", waiver("expires = 2027-12-31", ask), "", policy.WaiverUnapproved},
		{"the stricter file holds", waiver("expires = 2027-12-31", open), ask, policy.WaiverUnapproved},
		{"in either order", waiver("expires = 2027-12-31", ask), open, policy.WaiverUnapproved},
		{"expired and not approved", waiver("expires = 2025-12-31"), "", policy.WaiverExpired},
	} {
		p, err := policy.Load([]string{write(t, "b.toml", c.waiver), write(t, "a.toml", c.baseline)}, policy.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if got := p.Waivers.List[0].State(today, 30); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func TestRulesOfWaivers(t *testing.T) {
	for _, c := range []struct {
		rule, id string
		want     bool
	}{
		{"system.os", "system.os", true},
		{"system.os", "systemxos", false},
		{"system.*", "system.os", true},
		{"system.?s", "system.os", true},
		{"system.[a-o]s", "system.os", true},
		{"system.[^a-o]s", "system.os", false},
		{"packages.*", "packages.required/nginx", false}, // * stays before the next slash, as in path.Match
		{"packages.**", "packages.required/nginx", true},
		{"packages.*/nginx", "packages.required/nginx", true},
		{"**/nginx", "packages.required/nginx", true},
		{"files.permissions:/etc/*", "files.permissions:/etc/shadow", true},
		{"files.permissions:/etc/*", "files.permissions:/etc/ssh/sshd_config", false},
		{"files.permissions:/etc/**", "files.permissions:/etc/ssh/sshd_config", true},
		{"files.must_not_exist:/etc/ssh/ssh_host_*_key", "files.must_not_exist:/etc/ssh/ssh_host_*_key", true}, // an id that holds a pattern
		{"files.must_exist:/a[b]", "files.must_exist:/a[b]", true},
		{"a\\*", "a*", true},
		{"a\\*", "ab", false},
		{"a.b", "a.b\n", false},
		{"é?", "éé", true},
	} {
		p := load(t, strings.Replace(waiver("expires = 2027-12-31"), "'system.os'", "'"+c.rule+"'", 1))
		if got := p.Waivers.List[0].Covers(c.id); got != c.want {
			t.Errorf("%s of %s: %t", c.rule, c.id, got)
		}
	}
}

func TestTargetsOfWaivers(t *testing.T) {
	debian := &facts.OS{ID: "debian", VersionID: "12"}
	labels := map[string]string{"role": "web", "env": "test"}
	for _, c := range []struct {
		targets, image string
		os             *facts.OS
		want           string // yes, no or unknown
	}{
		{"image = ['web-*']", "/srv/images/web-01.qcow2", nil, "yes"},
		{"image = ['web-01']", "/srv/images/web-01.qcow2", nil, "yes"},
		{"image = ['web-01.qcow2']", "web-01.qcow2", nil, "yes"},
		{"image = ['web-01']", "web-011.qcow2", nil, "no"},
		{"image = ['db', 'web-*']", "web-01", nil, "yes"},
		{"image = ['**/prod/*']", "/srv/prod/web.raw", nil, "yes"},
		{"image = ['**/prod/*']", "/srv/test/web.raw", nil, "no"},
		{"os = ['debian==12']", "a", debian, "yes"},
		{"os = ['debian>12', 'rocky']", "a", debian, "no"},
		{"os = ['debian']", "a", nil, "unknown"},
		{"os = ['debian==12']", "a", &facts.OS{ID: "debian"}, "unknown"},
		{"labels = { role = 'web' }", "a", nil, "yes"},
		{"labels = { role = 'web', env = 'prod' }", "a", nil, "no"},
		{"labels = { zone = 'a' }", "a", nil, "no"},
		{"labels = { env = ['prod', 'test'] }", "a", nil, "yes"},
		{"image = ['a'], os = ['debian'], labels = { role = 'web' }", "a", debian, "yes"},
		{"image = ['b'], os = ['debian'], labels = { role = 'web' }", "a", debian, "no"},
	} {
		name := write(t, "b.toml", waiver("expires = 2027-12-31", "targets = { "+c.targets+" }"))
		p, err := policy.Load([]string{name}, policy.Options{Labels: labels})
		if err != nil {
			t.Fatal(err)
		}
		w := p.Waivers.List[0]
		got := "no"
		if w.ForImage(c.image) {
			switch ok, err := w.ForOS(c.os); {
			case err != nil:
				got = "unknown"
			case ok:
				got = "yes"
			}
		}
		if got != c.want {
			t.Errorf("%s of %s: %s, want %s", c.targets, c.image, got, c.want)
		}
	}
}

func TestFilesOfWaivers(t *testing.T) {
	base := write(t, "b.toml", "[system]\nos = 'a'\n[waivers]\nmax_days = 30\nwarn_days = 7\n[vars]\nwhat = 'os'\n")
	good := "[[waiver]]\nrule = 'system.${what}'\nreason = 'r'\nowner = 'o'\nexpires = 2026-12-01\n[waivers]\nmax_days = 1000\nwarn_days = 3\n"
	p, err := policy.Load([]string{base}, policy.Options{Waivers: []string{write(t, "w.toml", good)}, Now: today})
	if err != nil {
		t.Fatal(err)
	}
	if w := p.Waivers; len(w.List) != 1 || w.List[0].Rule != "system.os" || w.WarnDays != 7 || len(p.Checks) != 1 {
		t.Errorf("%+v", p)
	}
	for text, want := range map[string]string{
		"[system]\nos = 'b'\nx-a = 1\n[[waivr]]\na = 1\n":          "w.toml:1:2: system does not belong into a file of waivers, want [[waiver]] or [waivers]\nw.toml:4:3: waivr does not belong into a file of waivers, want [[waiver]] or [waivers]",
		strings.Replace(good, "2026-12-01", "2026-12-24", 1):       "w.toml:5:11: expires is 31 days away, and waivers.max_days allows 30",
		"[[waiver]]\nrule = '${x}'\n":                              "",
		"[[waiver]\n":                                              "w.toml:1:9: expected end of table array name delimiter ']', but got '\\n' instead",
		strings.Repeat("# a line of a file without a waiver\n", 3): "none",
	} {
		name := write(t, "w.toml", text)
		_, err := policy.Load([]string{base}, policy.Options{Waivers: []string{name}, Now: today})
		if want == "none" {
			if err != nil {
				t.Error(err)
			}
			continue
		}
		if err == nil {
			t.Errorf("accepted: %s", text)
			continue
		}
		if got := strings.ReplaceAll(err.Error(), filepath.Dir(name)+"/", ""); want != "" && got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
	if _, err := policy.Load([]string{base}, policy.Options{Waivers: []string{"gone.toml"}}); err == nil || err.Error() != "gone.toml: no such file" {
		t.Error(err)
	}
	// A limit without a day to count from holds no waiver to be short enough.
	if _, err := policy.Load([]string{base}, policy.Options{Waivers: []string{write(t, "w.toml", good)}}); err == nil {
		t.Error("a limit was not judged and accepted")
	}
	// A file that was read before is not read again.
	w := write(t, "w.toml", good)
	if p, err := policy.Load([]string{base, w}, policy.Options{Waivers: []string{w, w}, Now: today}); err != nil || len(p.Waivers.List) != 1 {
		t.Errorf("%v, %v", p, err)
	}
	var many strings.Builder
	for range 1001 {
		many.WriteString("[[waiver]]\nrule = 'a'\nreason = 'r'\nowner = 'o'\nexpires = 2026-12-01\n")
	}
	if _, err := policy.Load([]string{base}, policy.Options{Waivers: []string{write(t, "w.toml", many.String())}, Now: today}); err == nil {
		t.Error("any number of waivers is accepted")
	}
}

func TestSchemaKnowsWaivers(t *testing.T) {
	s := baselineSchema(t)
	good := waiver("expires = 2026-12-31", "approved_by = 'c'", "targets = { image = ['a'], os = ['b'], labels = { c = 'd' } }", "[waivers]", "max_days = 9")
	if err := validate(t, s, good); err != nil {
		t.Error(err)
	}
	for _, text := range []string{
		waiver(), waiver("expires = 2026"), waiver("expires = 2026-12-31", "until = 1"), waiver("expires = 2026-12-31", "targets = { host = ['a'] }"),
		"[waiver]\nrule = 'a'\n", "[waivers]\nmax_days = '9'\n", "[waivers]\nmaxdays = 9\n",
	} {
		if err := validate(t, s, text); err == nil {
			t.Errorf("the schema accepts\n%s", text)
		}
	}
}
