// Package scanner is the judge of malware: one walk over the files of a guest, each of which is read once and shown to every
// engine.
//
// Engines are packages below this one. What an engine could not look into is a record with its reason (Unscanned), counted and
// told, and never clean. Files come from an attacked machine: sizes, times, and depths are limited, and an engine that parses
// them with code in C does so in a process of its own.
package scanner

import (
	"context"
	"strings"

	"github.com/guestctl/guestctl/finding"
)

// Engine looks for something in files. It is safe for concurrent use.
type Engine interface {
	Describe() Description
	// Key tells what a verdict on a file depends on beside its content: the rules, their version, and whatever of the file's
	// path, class and owner they look at. Members of an archive are judged under the key of the archive. Verdicts are kept
	// under it; "" keeps none.
	Key(o *Object) string
	// Open starts a session, of which each goroutine of a scan has its own. memory is where the content of its objects stands.
	Open(ctx context.Context, memory *Memory) (Session, error)
}

// Session is an engine at work for one goroutine.
type Session interface {
	// Scan looks into one file or member of an archive. What could not be looked into whole is a *Skip, which may come with
	// matches; any other error ends the scan.
	Scan(ctx context.Context, o *Object) ([]Match, error)
	Close() error
}

// Match is what an engine found, with what decides whether and how much it counts.
type Match struct {
	finding.Match
	// UnlessShipped drops the match for a file that is as its package shipped it.
	UnlessShipped bool
	// Unowned takes the place of Score, and of the severity, where no package owns the file and it lies in a directory of programs
	// or libraries; 0 changes nothing.
	Unowned int
}

// Description is what a report says of an engine.
type Description struct {
	Name     string   `json:"name"`              // "yara", "clamav", "intel"
	Version  string   `json:"version,omitempty"` // of the program or library
	Rules    int      `json:"rules"`             // rules, signatures or indicators
	Digest   string   `json:"digest,omitempty"`  // of the rules
	Date     string   `json:"date,omitempty"`    // of the signatures, where they have one: YYYY-MM-DD
	Warnings []string `json:"warnings,omitempty"`
	// Unused counts what the engine was given and cannot use, by the reason.
	Unused map[string]int `json:"unused,omitempty"`
}

// Reason says why something was not looked into.
type Reason string

// The reasons. Each is counted in the statistics of a scan under its own name.
const (
	TooLarge      Reason = "too_large"      // larger than the limit of the scan or the engine
	Unreadable    Reason = "unreadable"     // the file system or the host gave an error, or fewer bytes than the inode says
	NotBelieved   Reason = "not_believed"   // read, with a checksum that says that it is not what was written
	Encrypted     Reason = "encrypted"      // a member of an archive with a password
	Damaged       Reason = "damaged"        // an archive that breaks off or contradicts itself
	LimitReached  Reason = "limit"          // of members, nesting, unpacked bytes or ratio
	Unsupported   Reason = "unsupported"    // an archive or compression this version does not open
	TimedOut      Reason = "timeout"        // the engine did not end in time
	EngineCrashed Reason = "engine_crashed" // the process of the engine died on this file
	EngineStopped Reason = "engine_stopped" // the engine had died too often, or went away, before this file
	EngineError   Reason = "engine_error"   // the engine answered with an error
)

// Skip says that an engine did not look into a file, or not into all of it.
type Skip struct { //nolint:errname // it is a record first, and an error only on its way there
	Reason Reason
	Detail string // for people
	Member string // of the archive, as Object.Member; "" is the object itself
}

// Error makes a Skip an error of Session.Scan.
func (s *Skip) Error() string {
	if s.Detail == "" {
		return string(s.Reason)
	}
	return string(s.Reason) + ": " + s.Detail
}

// passing reports whether the next scan may have more luck, so that nothing is kept of this one.
func (r Reason) passing() bool {
	switch r {
	case Unreadable, TimedOut, EngineCrashed, EngineStopped, EngineError:
		return true
	}
	return false
}

// Unscanned is a file, directory or member of an archive that was not looked into, or not wholly.
type Unscanned struct {
	Path   string `json:"path"`             // of the file in the guest
	Member string `json:"member,omitempty"` // inside of it: "a.zip!/b.sh"
	Engine string `json:"engine,omitempty"` // "" for all of them
	Reason Reason `json:"reason"`
	Detail string `json:"detail,omitempty"`
}

// FullPath is the path that people see: "/srv/a.zip!/b.sh" for a member.
func (u Unscanned) FullPath() string { return fullPath(u.Path, u.Member) }

// Why says for people why it was not looked into.
func (u Unscanned) Why() string {
	text := strings.ReplaceAll(string(u.Reason), "_", " ")
	if u.Engine != "" {
		text = u.Engine + ": " + text
	}
	if u.Detail != "" {
		text += ": " + u.Detail
	}
	return text
}

func fullPath(path, member string) string {
	if member == "" {
		return path
	}
	return path + "!/" + member
}
