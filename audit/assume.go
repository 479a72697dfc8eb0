package audit

import "github.com/guestctl/guestctl/engine/facts"

// Assumed is what the facts of every guest were changed by before they were judged.
type Assumed struct {
	File  string   `json:"file"`
	Facts []string `json:"facts"` // that were set or removed, as JSON pointers into the facts
}

// assume changes the facts of a guest as the job says.
func (r *Result) assume(doc *facts.Document) (*facts.Document, error) {
	if r.job.Assume == nil {
		return doc, nil
	}
	return r.job.Assume.Apply(doc)
}

// assumed tells what is assumed as problems of a target, so that no report looks like one of the guest as it is.
func (r *Result) assumed() []Problem {
	var ps []Problem
	if r.Assumed != nil {
		for _, pointer := range r.Assumed.Facts {
			ps = append(ps, Problem{r.Assumed.File, "assumed, and not read from the guest: " + pointer})
		}
	}
	return ps
}
