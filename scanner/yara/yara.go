// Package yara looks for malware with YARA rules.
//
// libyara parses hostile files with code in C, and so does its work in processes of its own: this program started again, one
// for each session, which can open no file, make no socket and start no program. It sees the content of files in memory that is
// shared for reading, and answers with numbers that are checked. A process that dies costs the file it died on, and nothing else.
// Rules are compiled in such a process, too.
//
// Rules are text. A rule set that somebody compiled is a program that libyara trusts, and is refused.
//
// Rules can use these variables, and are compiled again when others are added:
//
//	filename   the last part of the path: "b.sh"
//	filepath   the whole path: "/srv/b.sh", "/srv/a.zip!/b.sh" of a member of an archive
//	extension  the end of the name, in lower case and with its dot: ".sh"
//	filetype   what kind of file it is: "ELF", "PE", "SCRIPT", "ARCHIVE", "TEXT", "OTHER"
//	owner      the name of the account that owns the file, its number where it has none
//
// In the meta section of a rule some names mean something: score (0 to 100) and severity (0 to 100, or info, low, medium, high,
// critical) say how bad a match is, description what it means; unless = "shipped" drops it for a file that is as its package
// shipped it; score_unowned is the score for a file among programs and libraries that no package owns.
//
// A first line such as
//
//	// class: elf, script
//
// limits the rules of a file to these classes of files (scanner.Class).
package yara

import (
	"fmt"
	"strings"
	"time"

	"github.com/guestctl/guestctl/scanner"
)

// Name is what the engine is called in results.
const Name = "yara"

// Source is a file of rules that comes with the program.
type Source struct {
	Name    string // "miner.yar"
	Content []byte
}

// Options say which rules are used.
type Options struct {
	// Builtin are rules that come with the program. They include no other files.
	Builtin []Source
	// Paths are files of rules, and directories in which every *.yar and *.yara is one. A file includes others only from the
	// directory that is named here, or from that of the file that is named.
	Paths []string
	// Strict makes a file that cannot be used an error (Problems) where it is otherwise left out and told.
	Strict bool
	// CacheDir keeps compiled rules. It is made when missing and must belong to the user alone; "" keeps none.
	CacheDir string
	// Timeout is how long one file may take; 0 is the default of scanner.Limits.
	Timeout time.Duration
}

func (o Options) timeout() time.Duration {
	if o.Timeout > 0 {
		return o.Timeout
	}
	return scanner.DefaultLimits().FileTime
}

// Problem is what is wrong with a file of rules.
type Problem struct {
	File    string
	Line    int // 0 for the whole file
	Message string
}

// String returns the problem as compilers write them.
func (p Problem) String() string {
	if p.Line == 0 {
		return p.File + ": " + p.Message
	}
	return fmt.Sprintf("%s:%d: %s", p.File, p.Line, p.Message)
}

// Problems is the error of rules that cannot be used.
type Problems []Problem //nolint:errname // a list, too, of an engine that goes on without these files

// Error lists the problems, one on a line.
func (p Problems) Error() string {
	lines := make([]string, len(p))
	for i := range p {
		lines[i] = p[i].String()
	}
	return strings.Join(lines, "\n")
}
