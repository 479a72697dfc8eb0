package report

import "github.com/guestctl/guestctl/audit"

// packages says what a verification of the packages judged, and what its result rests on.
func (t textWriter) packages(p *audit.Packages) {
	if p == nil {
		return
	}
	t.printf("packages  %s\n", Escape(p.Summary))
	t.lines("note", p.Notes)
}
