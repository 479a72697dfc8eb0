// Package cycle reads a disk a piece at a time: each run reads as much as it may, the next begins where it stopped, and when all was
// read the cycle begins anew.
//
// What is kept between runs is a small file of JSON, which anyone may have written: a state that fits no disk is no state.
package cycle

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/finding"
)

// Schema names the version of a State as JSON.
const Schema = "guestctl.cycle/2"

// Check is the id of the finding on how old the oldest reading is.
const Check = "backup.read_all_within"

const (
	maxState = 256 << 10 // bytes of a state as JSON
	maxBad   = 512       // stretches that are read again in each run
	maxAgain = 16 << 20  // bytes of them
	maxMarks = 512       // runs of a cycle that are kept apart
)

// Budget is how much one run may read. The zero value has no bounds.
type Budget struct {
	Bytes int64 // 0: all
	// Spent is asked after each piece whether time is up; it may be nil. A run reads one piece at least, so that every cycle ends.
	Spent func() bool
}

// Over reports whether a run that read n bytes is over.
func (b Budget) Over(n int64) bool { return b.Bytes > 0 && n >= b.Bytes || b.Spent != nil && b.Spent() }

// State is how far a cycle is.
type State struct {
	Schema string `json:"schema"`
	// Subject tells the disk: a state of another is none.
	Subject string `json:"subject"`
	Size    int64  `json:"size"` // of the disk, in bytes
	// Next is the first byte that was not read in this cycle. It is 0 when the cycle has not begun.
	Next int64 `json:"next"`
	// Marks are the runs of this cycle, and Before those of the last whole one; empty before one ended. Of a cycle of many runs some are
	// one mark.
	Marks  []Mark `json:"marks,omitempty"`
	Before []Mark `json:"before,omitempty"`
	Runs   int    `json:"runs"` // of this cycle
	// Bad is what was damaged or unreadable when it was read last. It is read again in each run, so that what one of them found is
	// not forgotten by the next.
	Bad []Stretch `json:"bad,omitempty"`
}

// Mark says that what is before To, and behind the mark before, was read by a run that began at a time.
type Mark struct {
	To int64     `json:"to"` // bytes
	At time.Time `json:"at"`
}

// Stretch is a part of the disk, in bytes.
type Stretch struct {
	Off int64 `json:"offset"`
	Len int64 `json:"length"`
}

// Begin returns the state for a disk before its first run.
func Begin(subject string, size int64) *State {
	return &State{Schema: Schema, Subject: subject, Size: size}
}

// Read reads a state that Write wrote, of the disk that subject names, of size bytes. A state of another disk is as good as none: Begin's
// comes back. One that is damaged is an error of kind binread.ErrCorrupt.
func Read(r io.Reader, subject string, size int64) (*State, error) {
	b, err := io.ReadAll(io.LimitReader(r, maxState+1))
	if err != nil {
		return nil, fmt.Errorf("cycle: %w", err)
	}
	if len(b) > maxState {
		return nil, binread.Limit("cycle: a state of more than %d bytes", maxState)
	}
	s := &State{}
	if err := json.Unmarshal(b, s); err != nil {
		return nil, binread.Corrupt("cycle: state: %w", err)
	}
	switch {
	case s.Schema != Schema:
		return nil, binread.Unsupported("cycle: state of schema %q, want %q", s.Schema, Schema)
	case s.Subject != subject || s.Size != size:
		return Begin(subject, size), nil
	case s.Next < 0 || s.Next >= max(s.Size, 1) || s.Runs < 0 || !reach(s.Marks, s.Next) || len(s.Before) > 0 && !reach(s.Before, s.Size):
		return nil, binread.Corrupt("cycle: at %d of %d bytes after %d runs, with marks to other places", s.Next, s.Size, s.Runs)
	case len(s.Bad) > maxBad:
		return nil, binread.Limit("cycle: %d damaged stretches, want at most %d", len(s.Bad), maxBad)
	}
	left := int64(maxAgain)
	for _, b := range s.Bad {
		if b.Off < 0 || b.Len <= 0 || b.Len > s.Size-b.Off || b.Len > left {
			return nil, binread.Corrupt("cycle: %d damaged bytes at %d, of a disk of %d", b.Len, b.Off, s.Size)
		}
		left -= b.Len
	}
	return s, nil
}

// reach reports whether marks that are in order lead to a place: none lead to the first byte.
func reach(marks []Mark, to int64) bool {
	last := Mark{}
	for _, m := range marks {
		if m.To <= last.To || m.At.IsZero() || m.At.Before(last.At) {
			return false
		}
		last = m
	}
	return last.To == to && len(marks) <= maxMarks
}

// Write writes the state as JSON.
func (s *State) Write(w io.Writer) error {
	b, err := json.Marshal(s)
	if err != nil {
		return err
	}
	_, err = w.Write(append(b, '\n'))
	return err
}

// Advance notes that a run that began at now read up to next, and reports whether that was the end of a cycle.
func (s *State) Advance(next int64, now time.Time) bool {
	s.Runs++
	if next > s.Next {
		s.mark(Mark{next, now.UTC()})
	}
	if s.Next = next; next < s.Size {
		return false
	}
	s.Before, s.Marks = s.Marks, nil
	s.Next, s.Runs = 0, 0
	return true
}

// mark adds a mark. Runs of less than the disk's maxMarks-th part become one that tells the oldest time; a clock that went back is
// taken to stand still.
func (s *State) mark(m Mark) {
	n, part := len(s.Marks), (s.Size-1)/maxMarks+1
	if n == 0 {
		s.Marks = []Mark{m}
		return
	}
	s.Marks = slices.Clone(s.Marks) // a copy of the state keeps what it has
	last := &s.Marks[n-1]
	if (last.To-1)/part == (m.To-1)/part {
		last.To = m.To
		return
	}
	if m.At.Before(last.At) {
		m.At = last.At
	}
	s.Marks = append(s.Marks, m)
}

// Remember has what is damaged read again by the next run; of much damage what comes first, so that a run keeps to its budget.
func (s *State) Remember(bad []Stretch) {
	s.Bad = nil
	for left := int64(maxAgain); len(bad) > 0 && len(s.Bad) < maxBad && left > 0; bad = bad[1:] {
		b := bad[0]
		b.Len = min(b.Len, left)
		s.Bad = append(s.Bad, b)
		left -= b.Len
	}
}

// Progress is how much of this cycle was read, from 0 to 1.
func (s *State) Progress() float64 {
	if s.Size == 0 {
		return 0
	}
	return float64(s.Next) / float64(s.Size)
}

// Oldest is the time after which every byte was read, or, when some never were, since when the first cycle goes on. It is zero before
// the first run.
func (s *State) Oldest() time.Time {
	for _, m := range s.Before {
		if m.To > s.Next {
			return m.At
		}
	}
	if len(s.Marks) > 0 {
		return s.Marks[0].At
	}
	return time.Time{}
}

// Late reports whether at now there are bytes that were not read for longer than is allowed.
func (s *State) Late(now time.Time, within time.Duration) bool {
	oldest := s.Oldest()
	return within > 0 && !oldest.IsZero() && now.Sub(oldest) > within
}

// Finding says whether everything is read within the time that is allowed for it.
func (s *State) Finding(now time.Time, within time.Duration) finding.Finding {
	f := finding.Finding{
		ID: Check, Title: "All of the backup is read within the time for it", Status: finding.Pass, Severity: finding.High,
		Expected: fmt.Sprintf("all bytes within %s", within), Where: []finding.Location{}, Fingerprint: finding.Fingerprint(Check, "", ""),
	}
	oldest := s.Oldest()
	switch due := oldest.Add(within).Format(time.DateOnly); {
	case oldest.IsZero():
		f.Status, f.Message = finding.Unknown, "nothing was read yet"
	case len(s.Before) == 0:
		f.Message = fmt.Sprintf("%s read since %s, and never all of it: the rest is due on %s", percent(s.Progress()), oldest.Format(time.DateOnly), due)
	default:
		f.Message = fmt.Sprintf("everything was read since %s: what was read first is due again on %s", oldest.Format(time.RFC3339), due)
	}
	if f.Actual = f.Message; s.Late(now, within) {
		f.Status, f.Fix = finding.Fail, "give each run more time, or let it run more often"
	}
	return f
}

// NotKnown is the finding where a run cannot know what earlier runs read, and why.
func NotKnown(cause string, within time.Duration) finding.Finding {
	f := Begin("", 0).Finding(time.Time{}, within)
	f.Message, f.Actual = cause, cause
	return f
}
