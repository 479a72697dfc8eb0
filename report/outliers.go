package report

import (
	"bufio"
	"fmt"
	"io"

	"github.com/guestctl/guestctl/audit"
	"github.com/guestctl/guestctl/drift"
	"github.com/guestctl/guestctl/engine/facts"
)

// OutliersSchema names the version of Outliers as JSON.
const OutliersSchema = "guestctl.outliers/1"

// Outliers tell in what each of several guests is not as most of them are.
type Outliers struct {
	Schema string    `json:"schema"`
	Guests []Outlier `json:"guests"` // in the order of the images
}

// Outlier is one of the guests.
type Outlier struct {
	Image   string         `json:"image"`
	Changes []drift.Change `json:"changes"` // what the others have is old
	Unread  []drift.Unread `json:"unread"`
}

// NewOutliers holds the documents of the images against each other.
func NewOutliers(images []string, docs []*facts.Document) Outliers {
	changes, unread := drift.Outliers(docs)
	r := Outliers{OutliersSchema, []Outlier{}}
	for i, image := range images {
		r.Guests = append(r.Guests, Outlier{image, append([]drift.Change{}, changes[i]...), append([]drift.Unread{}, unread[i]...)})
	}
	return r
}

// Verdict sums up: Findings when a guest is not as the others, else NotJudged when something could not be read.
func (r Outliers) Verdict() audit.Verdict {
	v := audit.Clean
	for i := range r.Guests {
		switch {
		case len(r.Guests[i].Changes) > 0:
			return audit.Findings
		case len(r.Guests[i].Unread) > 0:
			v = audit.NotJudged
		}
	}
	return v
}

// OutliersText writes outliers for people.
func OutliersText(w io.Writer, r Outliers) error {
	t := textWriter{bufio.NewWriter(&lines{w: w})}
	for i := range r.Guests {
		g := &r.Guests[i]
		t.printf("image     %s: %s\n", bold(Escape(g.Image)), count(len(g.Changes), "difference"))
		for j := range g.Changes {
			c := &g.Changes[j]
			t.printf("  %s  %s", Escape(c.Domain+"/"+c.Key), Escape(c.Text()))
			if c.NewSource != nil {
				t.printf("%s", from(c.NewSource))
			}
			t.printf("\n")
		}
		for _, u := range g.Unread {
			t.printf("  %s %s: %s\n", warn("not compared:"), Escape(u.Domain), Escape(u.Cause))
		}
	}
	t.printf("%s\n", fmt.Sprintf("what more than half of %d guests have is what the others are held against", len(r.Guests)))
	return t.Flush()
}
