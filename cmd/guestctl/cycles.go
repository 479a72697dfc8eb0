package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/guestctl/guestctl/audit"
	"github.com/guestctl/guestctl/backup/cycle"
	"github.com/guestctl/guestctl/policy"
)

// cycleFlags say that a run reads a share of the bytes only.
type cycleFlags struct {
	budget string
	within string
}

// share returns what the flags ask for; nil without a budget.
func (f *cycleFlags) share(noCache bool) (*audit.Share, error) {
	if f.budget == "" {
		return nil, nil
	}
	budget, within, err := f.parse()
	if err != nil {
		return nil, err
	}
	folder, err := openCycles(noCache)
	if err != nil {
		return nil, err
	}
	return &audit.Share{
		Budget: budget, Within: within,
		Load: func(name, subject string, size int64) (*cycle.State, error) {
			return folder.load(keyOf(name), subject, size)
		},
		Keep: func(name string, s *cycle.State) error { return folder.keep(keyOf(name), s) },
	}, nil
}

// parse reads the flags. A budget of time begins with the call of what comes back.
func (f *cycleFlags) parse() (budget func() cycle.Budget, within time.Duration, err error) {
	if budget, err = parseBudget(f.budget); err != nil {
		return nil, 0, fmt.Errorf("--budget: %w", err)
	}
	if f.within != "" {
		if within, err = policy.ParseAge(f.within); err != nil {
			return nil, 0, fmt.Errorf("--read-all-within: %w", err)
		}
	}
	return budget, within, nil
}

// keyOf names the cycle of an image by where it is: another image in its place begins a cycle of its own in the place of the old one.
func keyOf(name string) string {
	if whole, err := filepath.Abs(name); err == nil {
		name = whole
	}
	sum := sha256.Sum256([]byte(name))
	return "full-" + hex.EncodeToString(sum[:])
}

// cycleFolder is where it is kept how far runs came, in a file for each cycle.
type cycleFolder string

func openCycles(noCache bool) (cycleFolder, error) {
	if cacheDir() == "" || noCache {
		return "", errors.New("--budget: needs the folder of the cache, where it is kept how far a run came")
	}
	return cycleFolder(filepath.Join(cacheDir(), "cycles")), nil
}

func (d cycleFolder) path(key string) string { return filepath.Join(string(d), key+".json") }

// load reads how far earlier runs came. Before the first one there is nothing.
func (d cycleFolder) load(key, subject string, size int64) (*cycle.State, error) {
	f, err := os.Open(d.path(key))
	if errors.Is(err, os.ErrNotExist) {
		return cycle.Begin(subject, size), nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	s, err := cycle.Read(f, subject, size)
	if err != nil {
		return nil, withCode(exitUsage, fmt.Errorf("%s: %w; without the file the cycle begins anew", d.path(key), err))
	}
	return s, nil
}

func (d cycleFolder) keep(key string, s *cycle.State) error {
	return withCode(exitInternal, errors.Join(os.MkdirAll(string(d), 0o700), writeWhole(d.path(key), s.Write)))
}

// parseBudget reads a time such as 20m, which begins with the call of what comes back, or a number of bytes such as 10GiB.
func parseBudget(s string) (func() cycle.Budget, error) {
	if d, err := policy.ParseAge(s); err == nil {
		return func() cycle.Budget {
			// Reading begins later, after the tables: the clock starts when it is first asked for.
			begun := sync.OnceValue(time.Now)
			return cycle.Budget{Spent: func() bool { return time.Since(begun()) >= d }}
		}, nil
	}
	n, err := parseSize(s)
	if err != nil || n <= 0 {
		return nil, fmt.Errorf("%q, want a time such as 20m, or a number of bytes such as 10GiB", s)
	}
	return func() cycle.Budget { return cycle.Budget{Bytes: n} }, nil
}
