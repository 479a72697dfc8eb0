package report

import (
	"cmp"
	"io"
	"os"
	"regexp"
	"strings"

	"github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"

	"github.com/guestctl/guestctl/audit"
	"github.com/guestctl/guestctl/finding"
)

const (
	sarifSchema = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
	sourceRoot  = "%SRCROOT%" // the root of the repository, for whoever reads the report
	maxEvidence = 50          // pieces of evidence of one result; a reader shows a hundred at most
)

// SARIF writes what needs attention as SARIF 2.1.0: failing, waived, unknown and manual checks. Each result stands at the
// line of the policy that asks for it, since code scanning shows only files of the repository, and at the image where there is no policy; where in the guest it was
// found is in its message and its logical locations. All checks are listed as rules, so that an alert closes once its check
// passes.
func SARIF(w io.Writer, r *audit.Result) error { return writeSARIF(w, r, false) }

// SARIFAll writes SARIF with the checks that passed or do not apply, which code scanning would show as alerts.
func SARIFAll(w io.Writer, r *audit.Result) error { return writeSARIF(w, r, true) }

func writeSARIF(w io.Writer, r *audit.Result, all bool) error {
	dir, err := os.Getwd()
	if err != nil {
		dir = "" // files then go by their names
	}
	s := &sarifWriter{result: r, dir: dir, all: all, index: map[string]int{}, ok: true}
	log := sarif.NewReport()
	log.Schema = sarifSchema
	log.AddRun(s.run())
	return WriteJSON(w, log)
}

// sarifWriter makes the one run of a report.
type sarifWriter struct {
	result  *audit.Result
	dir     string
	all     bool
	index   map[string]int // of the rules, by id
	results []*sarif.Result
	notes   []*sarif.Notification // of the execution
	ok      bool                  // every image was judged
}

func (s *sarifWriter) run() *sarif.Run {
	driver := sarif.NewToolComponent().WithName(s.result.Tool.Name).WithRules(s.rules())
	if v := s.result.Tool.Version; v != "" {
		driver.WithVersion(EscapeText(v))
	}
	for _, tg := range sections(s.result) {
		s.target(&tg)
	}
	run := sarif.NewRun().WithTool(sarif.NewTool().WithDriver(driver))
	for _, result := range s.results {
		run.AddResult(result)
	}
	return run.WithInvocations([]*sarif.Invocation{
		sarif.NewInvocation().WithExecutionSuccessful(s.ok).
			WithToolConfigurationNotifications(s.configuration()).WithToolExecutionNotifications(s.executions()),
	})
}

func (s *sarifWriter) executions() []*sarif.Notification {
	return append([]*sarif.Notification{}, s.notes...)
}

// configuration tells of the policy: its warnings, and the checks it took away.
func (s *sarifWriter) configuration() []*sarif.Notification {
	notes := []*sarif.Notification{}
	for _, w := range s.result.Policy.Warnings {
		notes = append(notes, note("policy-warning", sarif.LevelWarning, EscapeText(w.Message)).AddLocation(s.location(w.Position, "")))
	}
	for _, d := range s.result.Policy.Disabled {
		text := EscapeText(d.ID + " is disabled: " + d.Reason)
		notes = append(notes, note("check-disabled", sarif.LevelNote, text).AddLocation(s.location(d.Position, "")))
	}
	return notes
}

func (s *sarifWriter) target(tg *audit.Target) {
	label := targetLabel(tg, s.dir)
	if tg.Error != "" {
		s.ok = false
		text := label + " was not judged: " + EscapeText(tg.Error)
		if tg.Hint != "" {
			text += "\nhint: " + EscapeText(tg.Hint)
		}
		s.notes = append(s.notes, note("not-judged", sarif.LevelError, text))
	}
	for _, c := range tg.Checks {
		s.check(tg, label, c)
	}
	for _, p := range tg.Problems {
		text := label + ": " + strings.TrimPrefix(EscapeText(p.Where)+": "+EscapeText(p.Message), ": ")
		s.notes = append(s.notes, note("problem", sarif.LevelWarning, text))
	}
}

func (s *sarifWriter) check(tg *audit.Target, label string, c finding.Finding) {
	if c.Status == finding.Unknown {
		n := note("unknown", sarif.LevelWarning, label+": "+Escape(c.ID)+": "+EscapeText(message(c)))
		s.notes = append(s.notes, n.WithAssociatedRule(s.rule(c.ID)).AddLocation(s.location(c.Policy, tg.Image)))
	}
	kind := sarifKind(c.Status)
	if !s.all && (kind == "pass" || kind == "notApplicable") {
		return
	}
	level := sarif.LevelNone // of everything that did not fail (SARIF 3.27.10)
	if kind == "fail" {
		level = sarifLevel(c.Severity)
	}
	lines := append([]string{label + ": " + EscapeText(message(c))}, details(c)...)
	result := sarif.NewRuleResult(Escape(c.ID)).WithKind(kind).WithLevel(level).
		WithMessage(sarif.NewTextMessage(plainMessage(strings.Join(lines, "\n")))).
		WithLocations([]*sarif.Location{s.evidence(c, tg.Image, label)}).
		WithPartialFingerprints(s.fingerprints(tg, c)).
		WithProperties(sarif.NewPropertyBag().Add("status", string(c.Status)).Add("image", label))
	if i, ok := s.index[c.ID]; ok {
		result.WithRuleIndex(i)
	}
	if c.Status == finding.Waived {
		result.AddSuppression(suppression(c.Waiver))
	}
	s.results = append(s.results, result)
}

func sarifKind(st finding.Status) string {
	switch st {
	case finding.Pass:
		return "pass"
	case finding.NotApplicable:
		return "notApplicable"
	case finding.Fail, finding.Waived:
		return "fail"
	}
	return "review"
}

// location is a line of a policy file or, where there is no policy, the image.
func (s *sarifWriter) location(p finding.Position, image string) *sarif.Location {
	files := s.result.Policy.Files
	if len(files) == 0 && image != "" {
		files = []string{image}
	}
	file := sarif.NewArtifactLocation().WithURIBaseID(sourceRoot).WithURI(relativeURI(policyPath(p, files, s.dir)))
	region := sarif.NewRegion().WithStartLine(max(1, p.Line))
	return sarif.NewLocationWithPhysicalLocation(sarif.NewPhysicalLocation().WithArtifactLocation(file).WithRegion(region))
}

// evidence is the line of the policy, and where in the guest the finding stands.
func (s *sarifWriter) evidence(c finding.Finding, image, label string) *sarif.Location {
	l := s.location(c.Policy, image)
	logical := []*sarif.LogicalLocation{sarif.NewLogicalLocation().WithFullyQualifiedName(label).WithKind("module")}
	seen := map[string]bool{} // the schema wants each once
	for _, w := range c.Where {
		name := at(finding.Position{File: w.Path, Line: w.Line})
		if seen[name] || len(seen) == maxEvidence {
			continue
		}
		seen[name] = true
		logical = append(logical, sarif.NewLogicalLocation().WithName(name).WithFullyQualifiedName(label+" "+name).WithKind("resource"))
	}
	return l.WithLogicalLocations(logical)
}

// fingerprints are the same in every run for the same finding of the same image. GitHub reads primaryLocationLineHash only,
// and would otherwise make it from the line, which is the same for all images.
func (s *sarifWriter) fingerprints(tg *audit.Target, c finding.Finding) map[string]string {
	sum := finding.Fingerprint(c.Fingerprint, localPath(tg.Image, s.dir), rootDevice(tg))
	return map[string]string{"guestctl/v1": sum, "primaryLocationLineHash": sum + ":1"}
}

func rootDevice(tg *audit.Target) string {
	if tg.Root == nil {
		return ""
	}
	return tg.Root.Called()
}

// rule refers to a rule of the driver.
func (s *sarifWriter) rule(id string) *sarif.ReportingDescriptorReference {
	ref := sarif.NewReportingDescriptorReference().WithID(Escape(id))
	if i, ok := s.index[id]; ok {
		ref.WithIndex(i)
	}
	return ref
}

func suppression(w *finding.Waiver) *sarif.Suppression {
	sup := sarif.NewSuppression().WithKind("external").WithStatus("accepted")
	if w != nil {
		sup.WithJustification(waiverText(w))
	}
	return sup
}

func note(id, level, text string) *sarif.Notification {
	return sarif.NewNotification().WithLevel(level).WithMessage(sarif.NewTextMessage(plainMessage(text))).
		WithDescriptor(sarif.NewReportingDescriptorReference().WithID(id))
}

// placeholder is what a message of SARIF replaces by an argument (SARIF 3.11.5).
var placeholder = regexp.MustCompile(`\{(\d+)\}`)

// plainMessage is a text without the two things that messages of SARIF may have in them: links, "[text](target)" (3.11.6),
// and placeholders.
func plainMessage(s string) string {
	s = strings.ReplaceAll(s, "](", `]\(`)
	return placeholder.ReplaceAllString(cmp.Or(s, "-"), "{{$1}}")
}
