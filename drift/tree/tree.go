// Package tree compares the files of two guests: what was added, removed and changed, and what explains it.
//
// Both trees are walked once and in step, so that neither is held in memory. Content is read only where nothing cheaper tells that it
// is the same: two files whose bytes come from the same place of the host, or whose inodes a running kernel left alone. A change is
// explained where the package databases of both sides account for it, where a script of a package that changed makes such files, or
// where it says what the facts say already. Everything else is unexplained.
package tree

import (
	"context"
	"errors"
	"time"

	"github.com/guestctl/guestctl/engine/guest"
	"github.com/guestctl/guestctl/engine/shipped"
)

// Kind is how an object changed.
type Kind string

// The kinds. Corrupted is other content with the size and times that were there before: nobody edits so.
const (
	Added     Kind = "added"
	Removed   Kind = "removed"
	Changed   Kind = "changed"
	Corrupted Kind = "corrupted"
)

// Class is what accounts for a change.
type Class string

// The classes.
const (
	Unexplained Class = "unexplained"
	ByPackage   Class = "package"   // is as packages have it, on both sides
	Generated   Class = "generated" // made by the scripts of packages that changed
	ByFacts     Class = "facts"     // told by the facts: the lines of a new user
	Volatile    Class = "volatile"  // logs, caches, what is temporary
	Ignored     Class = "ignored"   // because the user says so
)

// Side is one of the guests.
type Side struct {
	Guest *guest.Guest
	// Packages is asked when the first file has changed.
	Packages func(context.Context, *guest.Guest) (*shipped.Index, error)
	Versions map[string]string // of the packages, by name
}

// Options say what to compare, and what explains a change.
type Options struct {
	Before, After Side
	Ignore        func(path string) bool
	Accounts      Accounts
	// ReadAll reads the content of every file, whatever its inode says.
	ReadAll bool
	Now     time.Time
	// Progress is called with the bytes that were compared since the last call; nil is allowed.
	Progress func(bytes int64)
}

// Accounts are what the facts tell of accounts.
type Accounts struct {
	Homes map[string]string // of new users, by name
	// Whole are the users and groups that came or went, and Touched those that changed.
	Whole, Touched map[string]bool
}

// Change is one object that is not as it was.
type Change struct {
	Path string
	Kind Kind
	What []string // that differs: "content", "mode 0644, was 0600"
	// Before and After are the object; nil where there was none.
	Before, After *guest.Object
	Class         Class
	By            string // what explains it: "nginx 1.24.0, was 1.22.1"
	Package       string // that owns the path; "" for none
	Why           string // what speaks against an explanation, of unexplained ones
	NewHome       bool   // is in the home of a new user, as that is made
}

// Unread is what could not be compared.
type Unread struct {
	Path  string
	Cause string
}

// Result is what became of the files.
type Result struct {
	Objects int // that were compared
	Changes []Change
	Unread  []Unread
	// Doubts are what could not be read of the package databases: what they would have explained is unexplained.
	Doubts []Unread
	// Read is how many files were read on both sides, and Bytes how much of them.
	Read  int
	Bytes int64
	// Trusted is how many files were taken for the same by their inode, and SameOrigin how many come from the same bytes of the host.
	Trusted, SameOrigin int
}

// Compare walks both guests. The error is that of the context, or of a tree that cannot be walked at all.
func Compare(ctx context.Context, opts Options) (*Result, error) {
	c := &comparison{Options: opts, result: &Result{}, told: map[string]bool{}, unread: [2]map[string]bool{{}, {}}}
	if err := c.walk(ctx); err != nil {
		return nil, err
	}
	if err := c.contents(ctx); err != nil {
		return nil, err
	}
	if err := c.explain(ctx); err != nil {
		return nil, err
	}
	return c.result, ctx.Err()
}

// comparison is one at work.
type comparison struct {
	Options
	result *Result
	pairs  []pair             // whose content is to be compared
	unread [2]map[string]bool // of each side, by path
	told   map[string]bool    // of the unread
}

// problem keeps what could not be compared.
func (c *comparison) problem(path string, err error) {
	if c.told[path] {
		return
	}
	c.told[path] = true
	c.result.Unread = append(c.result.Unread, Unread{path, cause(err)})
}

func cause(err error) string {
	var pathError interface{ Unwrap() error }
	if errors.As(err, &pathError) && pathError.Unwrap() != nil {
		return pathError.Unwrap().Error()
	}
	return err.Error()
}
