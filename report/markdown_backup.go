package report

import (
	"strings"

	"github.com/guestctl/guestctl/audit"
	"github.com/guestctl/guestctl/backup/cycle"
	"github.com/guestctl/guestctl/finding"
)

// states says what a backup was held against, and what became of a guest since another state of it.
func (m markdownWriter) states(tg *audit.Target) {
	lines := append(backupLines(tg), cycleLines(tg)...)
	for _, l := range lines {
		m.printf("- %s: %s\n", l.name, code(strings.Join(l.parts, " · ")))
	}
	if tg.Packages != nil {
		m.printf("- packages: %s\n", code(Escape(tg.Packages.Summary)))
	}
	if tg.Drift != nil {
		m.printf("- drift since %s: %s\n", code(Escape(tg.Drift.From)), code(Escape(tg.Drift.Summary)))
	}
	if len(lines) > 0 || tg.Packages != nil || tg.Drift != nil {
		m.printf("\n")
	}
}

// cycleLines say how far the reading of a disk is of which each run reads a share. The text has it in the notes of its check, and here
// those of checks that passed are folded away.
func cycleLines(tg *audit.Target) []backupLine {
	var run *cycle.Run
	switch {
	case tg.Sealed != nil:
		run = tg.Sealed.Cycle
	case tg.Backup != nil:
		run = tg.Backup.Cycle
	}
	if run == nil {
		return nil
	}
	return []backupLine{{"cycle", []string{run.String()}}}
}

// chain writes the links of a boot in their order.
func (m markdownWriter) chain(tg *audit.Target, links []finding.Finding) {
	if len(links) == 0 {
		return
	}
	m.printf("**Boot chain**: %s\n\n", code(strings.Join(describeBoot(tg.Boot), " · ")))
	var rows [][]string
	for _, c := range links {
		lines := []string{code(EscapeText(message(c)))}
		if c.Status != finding.Pass {
			for _, text := range details(c) {
				lines = append(lines, code(text))
			}
		}
		rows = append(rows, []string{plainWord(c.Status), code(Escape(c.ID)), strings.Join(lines, "<br>")})
	}
	m.table([]string{"status", "link", "found"}, rows)
	m.printf("Not proven without a boot: that services start, and that the data of applications is consistent.\n\n")
}
