package cycle

import (
	"fmt"
	"time"
)

// Run is what one run read of a disk, and how far the cycle is with it.
type Run struct {
	Size     int64     `json:"size"` // of the disk, in bytes; offsets and shares are of it, holes included
	From     int64     `json:"from"`
	To       int64     `json:"to"`
	Share    float64   `json:"share"`    // of the disk, that this run read: from 0 to 1
	Progress float64   `json:"progress"` // of the cycle, this run included: 1 when it ended the cycle
	Started  time.Time `json:"started"`  // when the cycle began
	// Left is about how many runs like those of this cycle it takes to its end, and Expected when that will be, at their pace; it is zero
	// after the first run.
	Left     int       `json:"left"`
	Expected time.Time `json:"expected,omitzero"`
	// Kept is whether the next run goes on from here.
	Kept bool `json:"kept"`
}

// Ran notes that a run that began at now read up to a byte, and says how far the cycle is.
func (s *State) Ran(to int64, now time.Time) Run {
	r := Run{Size: s.Size, From: s.Next, To: to, Progress: 1, Started: now.UTC(), Kept: true}
	if len(s.Marks) > 0 {
		r.Started = s.Marks[0].At
	}
	if s.Size > 0 {
		r.Share = float64(to-s.Next) / float64(s.Size)
	}
	if s.Advance(to, now) {
		return r
	}
	r.Progress = s.Progress()
	const most = 1e6 // runs: whoever has more of them before him has no date
	left := most
	if r.Progress > 0 {
		left = min(most, (1-r.Progress)*float64(s.Runs)/r.Progress)
	}
	r.Left = int(left)
	if float64(r.Left) < left {
		r.Left++
	}
	if between := now.Sub(r.Started); s.Runs > 1 && between > 0 && left < most {
		// in days, since a hundred thousand runs may be more than a time.Duration holds
		days := between.Hours() / 24 / float64(s.Runs-1) * float64(r.Left)
		if days < 100*365 {
			r.Expected = now.UTC().Add(time.Duration(days * 24 * float64(time.Hour)))
		}
	}
	return r
}

// String says it in a sentence.
func (r Run) String() string {
	since := r.Started.Format(time.DateOnly)
	if r.To == r.Size {
		s := "with this run, the whole disk was read"
		if r.From > 0 {
			s += " since " + since
		}
		return s
	}
	s := fmt.Sprintf("%s of the disk read in this run, %s since %s; ", percent(r.Share), percent(r.Progress), since)
	if !r.Kept {
		return s + "the next run begins anew"
	}
	s += fmt.Sprintf("the next begins at byte %d, and about %d more will have read all of it", r.To, r.Left)
	if !r.Expected.IsZero() {
		s += ", at this pace on " + r.Expected.Format(time.DateOnly)
	}
	return s
}

// percent is a share in words. What is not all is never 100 %.
func percent(share float64) string {
	p := int(share * 100)
	if p == 0 && share > 0 {
		return "less than 1 %"
	}
	return fmt.Sprintf("%d %%", p)
}
