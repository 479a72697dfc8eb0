package report

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/audit"
	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/finding"
	"github.com/guestctl/guestctl/policy"
)

// judge is one of those who speak at a gate.
type judge struct {
	name string
	// of reports whether it gave a finding; nil is for what no other gave.
	of func(f *finding.Finding) bool
	// also is what it says beside its counts.
	also func(tg *audit.Target) []string
}

// judges lists the judges in the order in which they are told.
func judges() []judge {
	none := func(*audit.Target) []string { return nil }
	named := func(name string) func(*finding.Finding) bool {
		return func(f *finding.Finding) bool { return f.ID == name || strings.HasPrefix(f.ID, name+".") }
	}
	return []judge{
		{"baseline", nil, none},
		{"rego", func(f *finding.Finding) bool {
			return strings.HasSuffix(f.Policy.File, ".rego") && !strings.HasPrefix(f.Policy.File, "rules/rego/")
		}, none},
		{"hygiene", func(f *finding.Finding) bool { return strings.HasPrefix(f.ID, "hygiene-") }, none},
		{"packages", ofPackages, verified},
		{"malware", func(f *finding.Finding) bool { return f.Match != nil || named(policy.MalwareCheck)(f) }, scanned},
		{"drift", named(policy.DriftCheck), drifted},
		{"image", named(audit.DigestCheck), none},
	}
}

// ofPackages reports whether a verification of packages gave the finding.
func ofPackages(f *finding.Finding) bool {
	id, _, _ := strings.Cut(f.ID, ":")
	return slices.Contains([]string{policy.VerifyCheck, policy.UnownedCheck, "packages.unowned", "packages.database"}, id)
}

func verified(tg *audit.Target) []string {
	if tg.Packages == nil {
		return nil
	}
	return []string{tg.Packages.Summary}
}

func scanned(tg *audit.Target) []string {
	if tg.Malware == nil {
		return nil
	}
	var parts []string
	for _, e := range tg.Malware.Engines {
		parts = append(parts, strings.TrimSpace(e.Name+" "+strings.Join(describeEngine(e), ", ")))
	}
	return append(parts, describeStats(tg.Malware.Stats, strings.Clone)...)
}

func drifted(tg *audit.Target) []string {
	if tg.Drift == nil {
		return nil
	}
	return []string{"since " + tg.Drift.From + ": " + tg.Drift.Summary}
}

// bench is a judge with what it said of a guest.
type bench struct {
	judge
	audit.Counts
}

// benches are the judges that said something of a guest.
func benches(tg *audit.Target) []bench {
	all := make([]bench, 0, len(judges()))
	for _, j := range judges() {
		all = append(all, bench{judge: j})
	}
	for i := range tg.Checks {
		at := slices.IndexFunc(all, func(b bench) bool { return b.of != nil && b.of(&tg.Checks[i]) })
		if at < 0 {
			at = slices.IndexFunc(all, func(b bench) bool { return b.of == nil })
		}
		all[at].Add(tg.Checks[i].Status)
	}
	return slices.DeleteFunc(all, func(b bench) bool { return b.Counts == audit.Counts{} })
}

// tally is what a judge counted.
func (b bench) tally() string {
	text := fmt.Sprintf("%d pass  %d fail  %d unknown  %d waived", b.Passed, b.Failed, b.Unknown, b.Waived)
	if n := b.NotApplicable + b.Manual; n > 0 {
		text += fmt.Sprintf("  %d other", n)
	}
	return text
}

// Gate writes for people whether an image may go on, with the names of the files that were written. It writes terminal colours, as Text
// does.
func Gate(w io.Writer, r *audit.Result, files []string) error {
	t := textWriter{bufio.NewWriter(&lines{w: w})}
	for _, warning := range r.Policy.Warnings {
		t.printf("%s %s: %s\n", faint("warning"), at(warning.Position), Escape(warning.Message))
	}
	for i := range r.Targets {
		if i > 0 {
			t.printf("\n")
		}
		t.gateTarget(r, &r.Targets[i])
	}
	t.gateFindings(r, r.Checks)
	t.printf("\n%s: gate %s", gateReason(r), gateState(r))
	if len(files) > 0 {
		t.printf("      %s", Escape(strings.Join(files, " ")))
	}
	t.printf("\n")
	return t.Flush()
}

func (t textWriter) gateTarget(r *audit.Result, tg *audit.Target) {
	parts := append([]string{"guestctl " + Escape(r.Tool.Version) + " gate"}, describe(tg)...)
	if len(tg.Files) > 0 {
		parts = append(parts, "sha256:"+tg.Files[0].SHA256)
	}
	t.printf("%s\n", strings.Join(parts, " · "))
	if tg.Error != "" {
		t.printf(" %s %s\n", bad("not judged:"), Escape(tg.Error))
		if tg.Hint != "" {
			t.printf(" hint: %s\n", Escape(tg.Hint))
		}
		t.problems(tg)
		return
	}
	t.printf(" %-9s %s\n", "facts", Escape(strings.Join(factsLine(tg), " · ")))
	for _, b := range benches(tg) {
		line := b.tally()
		if also := b.also(tg); len(also) > 0 {
			line += "  " + strings.Join(also, " · ")
		}
		t.printf(" %-9s %s\n", b.name, EscapeText(line))
	}
	t.gateFindings(r, tg.Checks)
	for _, d := range r.Policy.Disabled {
		t.printf(" %s  %s: %s\n", faint("disabled"), Escape(d.ID), Escape(d.Reason))
	}
	t.problems(tg)
}

// factsLine says how much of the guest was read.
func factsLine(tg *audit.Target) []string {
	var parts []string
	if tg.Facts != nil {
		if p, ok := facts.Get[facts.Packages](tg.Facts, "packages"); ok {
			parts = append(parts, count(p.Count, "package"))
		}
	}
	return append(parts, "coverage "+decimal(tg.Coverage)+" %")
}

// gateFindings writes what keeps the gate closed first, then what failed below the limit, then what is accepted.
func (t textWriter) gateFindings(r *audit.Result, checks []finding.Finding) {
	told := slices.DeleteFunc(slices.Clone(checks), func(f finding.Finding) bool { return rank(r, &f) < 0 })
	slices.SortStableFunc(told, func(a, b finding.Finding) int {
		return cmp.Or(cmp.Compare(rank(r, &b), rank(r, &a)), cmp.Compare(b.Severity.Rank(), a.Severity.Rank()))
	})
	if len(told) > 0 {
		t.printf("\n")
	}
	for i := range told {
		f := &told[i]
		status := statusWord(f.Status)
		if f.Status == finding.Fail && !r.Policy.FailOn.Reached(f.Severity) {
			status = warn(fmt.Sprintf("%-7s", "WARN"))
		}
		t.printf(" %s  %-8s  %s  %s\n", status, f.Severity, Escape(f.ID), EscapeText(message(*f)))
		if f.Waiver != nil {
			t.lines("waiver", []string{waiver(f.Waiver)})
			continue
		}
		t.where(f.Where)
		t.lines("note", f.Notes)
		if f.Fix != "" {
			t.lines("fix", []string{f.Fix})
		}
	}
}

// rank orders what a gate tells; what is below 0 is only counted.
func rank(r *audit.Result, f *finding.Finding) int {
	switch {
	case f.Status == finding.Fail && r.Policy.FailOn.Reached(f.Severity):
		return 4
	case f.Status == finding.Unknown:
		return 3
	case f.Status == finding.Fail:
		return 2
	case f.Status == finding.Manual:
		return 1
	case f.Status == finding.Waived:
		return 0
	}
	return -1
}

// gateReason says in a few words why a gate is as it is.
func gateReason(r *audit.Result) string {
	failed, unknown, unjudged, thin := 0, 0, 0, 0
	add := func(checks []finding.Finding) {
		for i := range checks {
			switch rank(r, &checks[i]) {
			case 4:
				failed++
			case 3:
				unknown++
			}
		}
	}
	for i := range r.Targets {
		tg := &r.Targets[i]
		add(tg.Checks)
		if tg.Error != "" || len(tg.Checks) == 0 {
			unjudged++
		} else if tg.Coverage < r.Policy.MinCoverage {
			thin++
		}
	}
	add(r.Checks)
	limit := ""
	switch r.Policy.FailOn {
	case audit.Any, "":
	case audit.None:
		limit = " that count"
	default:
		limit = " at or above " + string(r.Policy.FailOn)
	}
	parts := []string{count(failed, "finding") + limit}
	if unknown > 0 {
		parts = append(parts, fmt.Sprintf("%d unknown", unknown))
	}
	if unjudged > 0 {
		parts = append(parts, fmt.Sprintf("%d not judged", unjudged))
	}
	if thin > 0 {
		parts = append(parts, fmt.Sprintf("less than %s %% of the facts were read", decimal(r.Policy.MinCoverage)))
	}
	return strings.Join(parts, ", ")
}

// gateWord says how the gate is, and gateState how that is shown.
func gateWord(r *audit.Result) string {
	if r.Verdict() == audit.Clean {
		return "OPEN"
	}
	return "CLOSED"
}

func gateState(r *audit.Result) string {
	if r.Verdict() == audit.Clean {
		return good(gateWord(r))
	}
	return bad(gateWord(r))
}

// GateMarkdown writes the same for the summary of a pipeline: with everything that Markdown tells, or its head alone.
func GateMarkdown(w io.Writer, r *audit.Result, whole bool) error {
	m := markdownWriter{textWriter{bufio.NewWriter(&lines{w: w})}}
	m.printf("## guestctl gate: %s\n\n%s.\n\n", gateWord(r), gateReason(r))
	dir := workingDirectory()
	for i := range r.Targets {
		tg := &r.Targets[i]
		m.printf("**%s**\n\n", code(targetLabel(tg, dir)))
		var rows [][]string
		for _, b := range benches(tg) {
			also := ""
			if words := b.also(tg); len(words) > 0 {
				also = code(EscapeText(strings.Join(words, " · ")))
			}
			rows = append(rows, []string{b.name, b.tally(), also})
		}
		if len(rows) > 0 {
			m.table([]string{"judge", "checks", ""}, rows)
		}
	}
	if whole {
		m.body(r, dir)
	} else {
		m.printf("The findings are too many for a summary: the other reports have them.\n\n")
	}
	return m.Flush()
}
