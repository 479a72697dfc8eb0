package report

import "github.com/guestctl/guestctl/audit"

// assumed says that the verdicts are not about the guests as they are.
func (t textWriter) assumed(a *audit.Assumed) {
	if a == nil {
		return
	}
	t.printf("%s these verdicts are about facts that %s makes up:\n", warn("assumed"), Escape(a.File))
	for _, pointer := range a.Facts {
		t.printf("  %s\n", Escape(pointer))
	}
}

// supposed stands beside a result that rests on assumptions.
func supposed(r *audit.Result) string {
	if r.Assumed == nil {
		return ""
	}
	return "; with assumed facts"
}
