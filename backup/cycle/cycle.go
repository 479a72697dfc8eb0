// Package cycle reads a disk a piece at a time: each run reads as much as it may, the next begins where it stopped, and when all was
// read the cycle begins anew.
//
// What is kept between runs is a small file of JSON, which anyone may have written: a state that fits no disk is no state.
package cycle

import (
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/finding"
)

// Schema names the version of a State as JSON.
const Schema = "guestctl.cycle/1"

// Check is the id of the finding on how old the oldest reading is.
const Check = "backup.read_all_within"

const maxState = 64 << 10 // bytes of a state as JSON

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
	Next    int64     `json:"next"`
	Started time.Time `json:"started,omitzero"` // when the cycle began
	Full    time.Time `json:"full,omitzero"`    // when the last whole cycle ended; zero when none did
	Since   time.Time `json:"since,omitzero"`   // when that one began: everything was read after it
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
	case s.Next < 0 || s.Next >= max(s.Size, 1) || s.Next > 0 && s.Started.IsZero() || s.Full.Before(s.Since):
		return nil, binread.Corrupt("cycle: at %d of %d bytes, begun at %v, after a cycle from %v to %v", s.Next, s.Size, s.Started, s.Since, s.Full)
	}
	return s, nil
}

// Write writes the state as JSON.
func (s *State) Write(w io.Writer) error {
	b, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	_, err = w.Write(append(b, '\n'))
	return err
}

// Advance notes that a run that began at now read up to next, and reports whether that was the end of a cycle.
func (s *State) Advance(next int64, now time.Time) bool {
	if s.Next == 0 {
		s.Started = now.UTC()
	}
	if s.Next = next; next < s.Size {
		return false
	}
	s.Since, s.Full = s.Started, now.UTC()
	s.Next, s.Started = 0, time.Time{}
	return true
}

// Progress is how much of this cycle was read, from 0 to 1.
func (s *State) Progress() float64 {
	if s.Size == 0 {
		return 0
	}
	return float64(s.Next) / float64(s.Size)
}

// Late reports whether at now not everything was read within the time that is allowed for it, which counts from the start of the last
// whole cycle; before the first one ended, from the start of that.
func (s *State) Late(now time.Time, within time.Duration) bool {
	since := s.Since
	if s.Full.IsZero() {
		since = s.Started
	}
	return within > 0 && !since.IsZero() && now.Sub(since) > within
}

// Finding says whether everything was read within the time that is allowed for it.
func (s *State) Finding(now time.Time, within time.Duration) finding.Finding {
	f := finding.Finding{
		ID: Check, Title: "All of the backup was read lately", Status: finding.Pass, Severity: finding.High, Expected: fmt.Sprintf("all bytes within %s", within),
		Where: []finding.Location{}, Fingerprint: finding.Fingerprint(Check, "", ""),
	}
	switch {
	case s.Full.IsZero() && s.Started.IsZero():
		f.Status, f.Message = finding.Unknown, "nothing was read yet"
	case s.Full.IsZero():
		f.Message = fmt.Sprintf("%.0f %% were read since %s, and never all of it", 100*s.Progress(), s.Started.Format(time.RFC3339))
	default:
		f.Message = fmt.Sprintf("everything was read since %s", s.Since.Format(time.RFC3339))
	}
	if f.Actual = f.Message; s.Late(now, within) {
		f.Status, f.Fix = finding.Fail, "give each run more time, or let it run more often"
	}
	return f
}
