package audit_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/guestctl/guestctl/audit"
	"github.com/guestctl/guestctl/policy"
)

var november = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// accepted is a waiver of a rule, with more lines.
func accepted(rule string, lines ...string) string {
	w := "[[waiver]]\nrule = '" + rule + "'\nreason = 'r'\nowner = 'o'\n" + strings.Join(lines, "\n") + "\n"
	if !strings.Contains(w, "approved_by") {
		w += "approved_by = 'c'\n"
	}
	if !strings.Contains(w, "expires") {
		w += "expires = 2027-11-23\n"
	}
	return w
}

// bash is unknown on Rocky, whose package database is not there, and passes on Debian; nginx passes on Debian only.
const bash = "[packages.required]\npackages = ['nginx']\n"

// TestWaivers says for each waiver what becomes of system.timezone, which fails everywhere, and of the waiver.
func TestWaivers(t *testing.T) {
	tokyo := "[system]\ntimezone = { equals = 'Asia/Tokyo', severity = 'low' }\n"
	zone := "[system]\ntimezone = { exists = true }\n" // passes everywhere
	both := []string{debian, rocky}
	for _, c := range []struct {
		name, baseline, waiver string
		images                 []string
		statuses               string // of system.timezone in each target
		want                   string // of the waiver: state, use, findings
		checks                 string
		verdict                audit.Verdict
	}{
		{"in use", tokyo, accepted("system.timezone"), both, "waived waived", "valid used 2", "", audit.Clean},
		{"by a pattern", tokyo, accepted("system.*"), both, "waived waived", "valid used 2", "", audit.Clean},
		{"of one image", tokyo, accepted("system.*", "targets = { image = ['rocky*'] }"), both, "fail waived", "valid used 1", "", audit.Findings},
		{"of an operating system", tokyo, accepted("system.*", "targets = { os = ['debian==12'] }"), both, "waived fail", "valid used 1", "", audit.Findings},
		{"of a label", tokyo, accepted("system.*", "targets = { labels = { role = 'web' } }"), both, "waived waived", "valid used 2", "", audit.Clean},
		{"of another label", tokyo, accepted("system.*", "targets = { labels = { role = 'db' } }"), both, "fail fail", "valid unused 0", "", audit.Findings},
		{"of an image of another run", tokyo, accepted("system.*", "targets = { image = ['web'] }"), both, "fail fail", "valid unused 0", "", audit.Findings},
		{"on its last day", tokyo, accepted("system.*", "expires = 2026-11-23"), both, "waived waived", "expiring used 2", "waiver.expiring/system.* manual info", audit.Clean},
		{"expired", tokyo, accepted("system.*", "expires = 2026-11-22"), both, "fail fail", "expired used 2", "", audit.Findings},
		{"not approved", tokyo, strings.Replace(accepted("system.*"), "approved_by = 'c'", "", 1), both, "fail fail", "unapproved used 2", "", audit.Findings},

		{"of what passes", zone, accepted("system.*"), both, "pass pass", "valid stale 0", "waiver.stale/system.* fail low", audit.Findings},
		{"expired, of what passes", zone, accepted("system.*", "expires = 2020-01-01"), both, "pass pass", "expired stale 0", "waiver.stale/system.* fail low", audit.Findings},
		{"of nothing", zone, accepted("system.os"), both, "pass pass", "valid stale 0", "waiver.stale/system.os fail low", audit.Findings},
		{"of nothing, and nothing was read", zone, accepted("system.os"), []string{"missing"}, "", "valid stale 0", "waiver.stale/system.os fail low", audit.Findings},
		{"passes here, and another image was not read", zone, accepted("system.*"), []string{debian, "missing"}, "pass ", "valid unknown 0", "", audit.NotJudged},
		{"passes here, and the image not read is not meant", zone, accepted("system.*", "targets = { image = ['debian*'] }"), []string{debian, "missing"}, "pass ", "valid stale 0", "waiver.stale/system.* fail low", audit.Findings},
		{"passes here, and fails on another image", tokyo, accepted("**", "targets = { image = ['debian*'] }"), []string{rocky, debian}, "fail waived", "valid used 1", "", audit.Findings},
		{"of what is unknown", zone + bash, accepted("packages.**"), []string{rocky}, "pass", "valid unknown 0", "", audit.NotJudged},
		{"of what passes on one image and is unknown on another", zone + bash, accepted("packages.**"), both, "pass pass", "valid unknown 0", "", audit.NotJudged},
		{
			"of what does not apply", "[system]\ntimezone = { equals = 'UTC', when = { os = ['alpine'] } }\n", accepted("system.*"),
			both, "notapplicable notapplicable", "valid unused 0", "", audit.Clean,
		},
		{
			"of what does not apply to one and passes on the other", "[system]\ntimezone = { exists = true, when = { os = ['rocky'] } }\n", accepted("system.*"),
			both, "notapplicable pass", "valid stale 0", "waiver.stale/system.* fail low", audit.Findings,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := audit.Run(t.Context(), audit.Job{
				Images: c.images, Policy: labelled(t, c.baseline+c.waiver), FailOn: audit.Any, Now: november, Jobs: 2,
			})
			if err != nil {
				t.Fatal(err)
			}
			if got := timezones(r); got != c.statuses {
				t.Errorf("system.timezone is %q, want %q", got, c.statuses)
			}
			w := r.Waivers[0]
			if got := fmt.Sprint(w.State, " ", w.Use, " ", w.Findings); got != c.want {
				t.Errorf("the waiver is %s, want %s", got, c.want)
			}
			var checks []string
			for _, f := range r.Checks {
				checks = append(checks, fmt.Sprint(f.ID, " ", f.Status, " ", f.Severity))
			}
			if got := strings.Join(checks, ", "); got != c.checks {
				t.Errorf("checks of the run: %s, want %s", got, c.checks)
			}
			if r.Verdict() != c.verdict {
				t.Errorf("verdict %d, want %d", r.Verdict(), c.verdict)
			}
		})
	}
}

// labelled loads a baseline for images with a label.
func labelled(t *testing.T, text string) *policy.Policy {
	t.Helper()
	path := filepath.Join(t.TempDir(), "b.toml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	p, err := policy.Load([]string{path}, policy.Options{Labels: map[string]string{"role": "web"}})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// timezones is the status of system.timezone in each target.
func timezones(r *audit.Result) string {
	var all []string
	for _, target := range r.Targets {
		status := ""
		for _, f := range target.Checks {
			if f.ID == "system.timezone" {
				status = string(f.Status)
			}
		}
		all = append(all, status)
	}
	return strings.Join(all, " ")
}

// TestAGateDoesNotBreakForAWaiver: stale waivers are mild, and such that end soon fail nothing.
func TestAGateDoesNotBreakForAWaiver(t *testing.T) {
	p := load(t, passing+accepted("system.os"))
	for failOn, want := range map[audit.FailOn]audit.Verdict{"medium": audit.Clean, "low": audit.Findings, audit.Any: audit.Findings, audit.None: audit.Clean} {
		r, err := audit.Run(t.Context(), audit.Job{Images: []string{debian}, Policy: p, FailOn: failOn, Now: november})
		if err != nil {
			t.Fatal(err)
		}
		if r.Verdict() != want {
			t.Errorf("fail on %s: verdict %d, want %d", failOn, r.Verdict(), want)
		}
	}
}

func TestWaivedFindingsKeepWhatTheySay(t *testing.T) {
	run := func(waivers string) audit.Target {
		r, err := audit.Run(t.Context(), audit.Job{Images: []string{debian}, Policy: load(t, failing+waivers), Now: november})
		if err != nil {
			t.Fatal(err)
		}
		return r.Targets[0]
	}
	want := run("").Checks[0]
	target := run(accepted("system.*", "expires = 2026-12-01") + accepted("system.timezone", "expires = 2026-12-03", "ticket = 'T-1'") +
		accepted("system.timezone", "expires = 2026-11-01", "targets = { os = ['debian'] }"))
	got := target.Checks[0]
	if target.Waived != 1 || target.Failed != 0 {
		t.Errorf("%+v", target.Counts)
	}
	w := got.Waiver
	if w == nil || w.Expires != "2026-12-03" || w.DaysLeft != 10 || w.Ticket != "T-1" || w.Owner != "o" || w.Reason != "r" || w.ApprovedBy != "c" || w.Policy.Line != 9 {
		t.Fatalf("waiver %+v, want the one that holds longest", w)
	}
	if note := "the waiver ends in 10 days, on 2026-12-03"; len(got.Notes) != 1 || got.Notes[0] != note {
		t.Errorf("notes %q", got.Notes)
	}
	got.Status, got.Waiver, got.Notes, got.Policy = want.Status, nil, want.Notes, want.Policy
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}

	got = run(accepted("system.timezone", "expires = 2026-11-22") + accepted("system.*", "approved_by = 'c'", "targets = { os = ['rocky'] }")).Checks[0]
	if len(got.Notes) != 1 || !strings.Contains(got.Notes[0], "has expired: 2026-11-22 was its last day") || got.Waiver != nil {
		t.Errorf("notes %q, waiver %v", got.Notes, got.Waiver)
	}
}

func TestWaiversWantADay(t *testing.T) {
	if _, err := audit.Run(t.Context(), audit.Job{Images: []string{debian}, Policy: load(t, failing+accepted("system.*"))}); err == nil {
		t.Error("a waiver was judged on no day")
	}
}

// TestScore counts by hand: info 1, low 2, medium 4, high 8, critical 16.
func TestScore(t *testing.T) {
	baseline := func(severity string, packages ...string) string {
		b := "[packages.required]\npackages = ["
		for _, p := range packages {
			b += fmt.Sprintf("{ name = '%s', severity = '%s' }, ", p, severity)
		}
		return b + "]\n"
	}
	pct := func(f float64) *float64 { return &f }
	for _, c := range []struct {
		name, text, image string
		with, without     *float64
	}{
		{"all pass", passing, debian, pct(100), pct(100)},
		{"none passes", failing, debian, pct(0), pct(0)},
		{"rounded down", passing + baseline("low", "x"), debian, pct(66.6), pct(66.6)}, // 4 of 6
		{"heavier failure", passing + baseline("critical", "x"), debian, pct(20), pct(20)},
		{"waived", passing + baseline("critical", "x", "y") + accepted("packages.required/x"), debian, pct(20), pct(11.1)}, // 4 of 20, 4 of 36
		{"all waived", failing + accepted("**"), debian, nil, pct(0)},
		{"unknown", unread, rocky, nil, nil},
		{"unknown beside a pass", "[system]\ntimezone = { exists = true }\n" + unread, rocky, pct(100), pct(100)},
	} {
		r, err := audit.Run(t.Context(), audit.Job{Images: []string{c.image}, Policy: load(t, c.text), Now: november})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(audit.Score{WithWaivers: c.with, WithoutWaivers: c.without}, r.Targets[0].Score); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
	}
}
