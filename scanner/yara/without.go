//go:build !linux || !cgo || noyara

package yara

import (
	"context"
	"errors"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/scanner"
)

// Version is the version of libyara, "" in a build without it.
const Version = ""

// RunWorker does the work of a worker process and ends it, in a process that is one.
func RunWorker() {}

// Engine is what a build with YARA has.
type Engine struct{}

// Load returns an error: what was asked for would not be done.
func Load(context.Context, Options) (*Engine, error) { return nil, errWithout() }

func errWithout() error {
	return binread.WithHint(
		errors.New("this build has no YARA: it was made without cgo or with the build tag noyara, or is not for Linux"),
		"scan with --no-yara and another engine, or build guestctl on Linux with cgo and libyara (apt-get install libyara-dev pkg-config gcc)",
	)
}

// Rules returns none.
func (*Engine) Rules() []string { return nil }

// Problems returns none.
func (*Engine) Problems() Problems { return nil }

// Notes returns none.
func (*Engine) Notes() Problems { return nil }

// Describe returns the name.
func (*Engine) Describe() scanner.Description { return scanner.Description{Name: Name} }

// Key keeps nothing.
func (*Engine) Key(*scanner.Object) string { return "" }

// Open returns an error.
func (*Engine) Open(context.Context, *scanner.Memory) (scanner.Session, error) {
	return nil, errWithout()
}
