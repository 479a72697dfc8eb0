// Package clamav looks into files with ClamAV: through a clamd that runs on this machine or another one (Dial), through clamscan
// where no clamd runs (Command), or with those of ClamAV's signatures that need no ClamAV (LoadSignatures).
//
// The protocol of clamd is that of clamd(8), the formats of signatures are those of ClamAV's manual, "Signature writing". This
// package downloads no signatures, and does not read the signed containers (.cvd, .cld), nor logical signatures and bytecode.
package clamav

import (
	"cmp"
	"strings"
	"time"

	"github.com/guestctl/guestctl/finding"
	"github.com/guestctl/guestctl/scanner"
)

// Engine names of matches and records.
const (
	engineName     = "clamav"            // clamd and clamscan
	signaturesName = "clamav-signatures" // signatures that this package matches itself
)

// DefaultMaxSize is the most bytes of a file that are handed to ClamAV: StreamMaxLength and MaxFileSize of Debian's clamd.conf.
const DefaultMaxSize = 25 << 20

// Options bound what ClamAV is given. The zero value of a field stands for its default.
type Options struct {
	// MaxSize is the most bytes of a file that are handed to ClamAV; larger ones are told as too large. ClamAV has limits of its
	// own: what is larger than MaxFileSize of clamd.conf is not looked into, whatever stands here.
	MaxSize int64
	// FileTime is how long ClamAV may take for one file.
	FileTime time.Duration
	// Patience is how long a daemon that went away, such as one that is being restarted, is waited for, and how long the first
	// answer of one may take. One minute is the default.
	Patience time.Duration
	// Now is the time of the scan. Verdicts of another day are not used: nobody tells when signatures that stand beside the official ones
	// change.
	Now time.Time
}

func (o Options) orDefaults() Options {
	o.MaxSize = cmp.Or(o.MaxSize, DefaultMaxSize)
	o.FileTime = cmp.Or(o.FileTime, scanner.DefaultLimits().FileTime)
	o.Patience = cmp.Or(o.Patience, time.Minute)
	return o
}

// tooLarge says that a file is beyond MaxSize.
func (o Options) tooLarge() *scanner.Skip {
	return &scanner.Skip{Reason: scanner.TooLarge, Detail: "more than " + bytesText(o.MaxSize) + ", which is the limit for ClamAV"}
}

// match is a find of the signature with the given name.
func match(name string) scanner.Match {
	return scored(engineName, name, scoreOf(name))
}

func scored(engine, name string, score int) scanner.Match {
	return scanner.Match{Match: finding.Match{Engine: engine, Rule: name, Score: score, Severity: finding.Scored(score)}}
}

// Scores of signatures.
const (
	scoreWanted    = 40 // possibly unwanted applications: low
	scoreHeuristic = 55 // guesses, packers, adware, tools: medium
	scoreTest      = 70 // test files, to see that a scan finds something: high
	scoreMalware   = 80 // anything else: high
	scoreTakeover  = 95 // what says that the machine is no longer its owner's: critical
)

// scoreOf tells by the name of a signature how bad a find is. Names are Platform.Category.Name-Number-Revision; those that are
// not, such as the names of third parties, are malware.
func scoreOf(name string) int {
	lower := strings.ToLower(name)
	parts := strings.Split(lower, ".")
	switch {
	case parts[0] == "pua":
		return scoreWanted
	case parts[0] == "heuristics":
		return scoreHeuristic
	case strings.Contains(lower, "eicar"):
		return scoreTest
	case len(parts) < 2:
		return scoreMalware
	}
	switch parts[1] {
	case "test":
		return scoreTest
	case "adware", "joke", "packed", "packer", "tool":
		return scoreHeuristic
	case "backdoor", "botnet", "ircbot", "ransomware", "rootkit", "trojan", "virus", "worm":
		return scoreTakeover
	}
	return scoreMalware
}
