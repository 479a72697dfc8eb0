package report

import (
	"strings"
	"time"

	"github.com/guestctl/guestctl/backup/origin"
)

// times says when a backup was written, and how long before that what is in it was.
func (t textWriter) times(times *origin.Times) {
	if parts := describeTimes(times); len(parts) > 0 {
		t.printf("times     %s\n", strings.Join(parts, " · "))
	}
}

func describeTimes(t *origin.Times) []string {
	var parts []string
	if t == nil {
		return nil
	}
	if !t.Written.IsZero() {
		parts = append(parts, "written "+t.Written.UTC().Format(time.RFC3339))
	}
	if !t.Content.IsZero() {
		text := "newest content " + t.Content.UTC().Format(time.RFC3339) + " in " + Escape(t.Newest)
		if before := t.Written.Sub(t.Content); !t.Written.IsZero() && before >= 0 {
			text += ", " + origin.Age(before) + " before"
		}
		parts = append(parts, text)
	}
	if n := len(t.Unread); n > 0 {
		parts = append(parts, count(n, "trace")+" not read")
	}
	return parts
}
