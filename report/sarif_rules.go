package report

import (
	"cmp"
	"maps"
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"

	"github.com/guestctl/guestctl/audit"
	"github.com/guestctl/guestctl/finding"
)

// What code scanning shows of one rule. More than twenty tags make it refuse the report.
const (
	maxTags        = 10
	maxDescription = 1024 // characters
)

// rules lists every check of the policy, and those that findings name beside it.
func (s *sarifWriter) rules() []*sarif.ReportingDescriptor {
	all := slices.Clone(s.result.Policy.Rules)
	known := map[string]bool{}
	for _, r := range all {
		known[r.ID] = true
	}
	for _, tg := range sections(s.result) {
		for _, c := range tg.Checks {
			if !known[c.ID] {
				known[c.ID] = true
				all = append(all, audit.Rule{ID: c.ID, Title: c.Title, Severity: c.Severity, Controls: c.Controls, Position: c.Policy})
			}
		}
	}
	slices.SortStableFunc(all, func(a, b audit.Rule) int { return cmp.Compare(a.ID, b.ID) })
	list := []*sarif.ReportingDescriptor{}
	for i := range all {
		s.index[all[i].ID] = i
		list = append(list, sarifRule(&all[i]))
	}
	return list
}

func sarifRule(r *audit.Rule) *sarif.ReportingDescriptor {
	title := cmp.Or(oneLine(r.Title), Escape(r.ID))
	description := cmp.Or(oneLine(r.Description), title)
	text, markdown := ruleHelp(r, title)
	rule := sarif.NewRule(Escape(r.ID)).
		WithShortDescription(multiformat(cut(title), "")).
		WithFullDescription(multiformat(cut(description), "")).
		WithHelp(multiformat(text, markdown)).
		WithDefaultConfiguration(sarif.NewReportingConfiguration().WithLevel(sarifLevel(r.Severity))).
		WithProperties(sarif.NewPropertyBag().WithTags(ruleTags(r)).
			Add("severity", string(r.Severity)).
			Add("security-severity", securitySeverity(r.Severity)))
	if len(r.Controls) > 0 {
		rule.Properties.Add("controls", r.Controls)
	}
	for _, ref := range r.References {
		if u, err := url.Parse(ref); err == nil && u.Scheme == "https" && u.Host != "" {
			return rule.WithHelpURI(u.String())
		}
	}
	return rule
}

// oneLine is a text of an author without its line ends.
func oneLine(s string) string { return EscapeText(strings.Join(strings.Fields(s), " ")) }

// cut shortens a description to what code scanning takes.
func cut(s string) string {
	if utf8.RuneCountInString(s) <= maxDescription {
		return s
	}
	return string([]rune(s)[:maxDescription-1]) + "…"
}

func multiformat(text, markdown string) *sarif.MultiformatMessageString {
	m := sarif.NewMultiformatMessageString().WithText(plainMessage(text))
	if markdown != "" {
		m.WithMarkdown(markdown)
	}
	return m
}

// ruleHelp says what a check wants and how to get there, as text and as Markdown.
func ruleHelp(r *audit.Rule, title string) (text, markdown string) {
	lines, paragraphs := []string{title}, []string{"**" + prose(title) + "** (" + code(Escape(r.ID)) + ")"}
	if d := oneLine(r.Description); d != "" {
		lines, paragraphs = append(lines, d), append(paragraphs, prose(d))
	}
	add := func(label, value string) {
		if value = oneLine(value); value != "" {
			lines, paragraphs = append(lines, label+": "+value), append(paragraphs, label+": "+code(value))
		}
	}
	add("Severity", string(r.Severity))
	add("Fix", r.Fix)
	add("Controls", controlText(r.Controls))
	for _, ref := range r.References {
		add("See", ref)
	}
	return strings.Join(lines, "\n"), strings.Join(paragraphs, "\n\n")
}

// prose writes a text of an author into Markdown: a backslash takes the meaning from every character that has one.
func prose(s string) string {
	var b strings.Builder
	for _, r := range s {
		if r < utf8.RuneSelf && unicode.In(r, unicode.P, unicode.S) && !strings.ContainsRune(`,;'"?%`, r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// controlText lists controls: "cis_debian12 5.1.20, nist_800_53 AC-6(2)".
func controlText(controls map[string][]string) string {
	return strings.Join(controlList(controls, " "), ", ")
}

func controlList(controls map[string][]string, sep string) []string {
	var all []string
	for _, key := range slices.Sorted(maps.Keys(controls)) {
		for _, number := range controls[key] {
			all = append(all, EscapeText(key+sep+number))
		}
	}
	return all
}

func ruleTags(r *audit.Rule) []string {
	tags := slices.Concat([]string{"security", topic(r.ID)}, controlList(r.Controls, "/"))
	slices.Sort(tags[2:])
	tags = slices.Compact(tags)
	return tags[:min(len(tags), maxTags)]
}

// topic is what a check is about: what no policy has to ask for has a topic of its own.
func topic(id string) string {
	for _, name := range []string{"backup", "drift", "malware"} {
		if rest, ok := strings.CutPrefix(id, name); ok && (rest == "" || strings.ContainsAny(rest[:1], "./:")) {
			return name
		}
	}
	return "compliance"
}

func sarifLevel(s finding.Severity) string {
	switch s {
	case finding.Critical, finding.High:
		return sarif.LevelError
	case finding.Medium:
		return sarif.LevelWarning
	}
	return sarif.LevelNote
}

// securitySeverity is the number by which code scanning says critical (above 9), high (7), medium (4) and low.
func securitySeverity(s finding.Severity) string {
	switch s {
	case finding.Critical:
		return "9.5"
	case finding.High:
		return "8.0"
	case finding.Medium:
		return "5.5"
	case finding.Low:
		return "3.0"
	}
	return "0.0"
}
