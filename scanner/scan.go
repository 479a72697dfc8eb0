package scanner

import (
	"context"
	"crypto"
	"errors"
	"fmt"
	"io/fs"
	"runtime"
	"runtime/debug"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/guestctl/guestctl/engine/guest"
	"github.com/guestctl/guestctl/engine/shipped"
	"github.com/guestctl/guestctl/finding"
)

// Options say what a scan looks for, and how.
type Options struct {
	Engines []Engine
	Limits  Limits
	// Archives opens archives and looks into their members.
	Archives bool
	// Packages are the files of packages, or nil where nobody knows them.
	Packages *shipped.Index
	// Fast leaves out files that are as their package shipped them. What an attacker put into the package database too is left out
	// with them.
	Fast bool
	// KnownGood reports whether the content of a file is known to be harmless; nil knows none.
	KnownGood func(o *Object) bool
	// Allowed are SHA-256 digests that the user does not want to hear of, in hexadecimal digits.
	Allowed map[string]bool
	// Accounts are the names of users by their number.
	Accounts map[uint32]string
	// Sums names the digest that the caller wants of the file at path, or 0; nil wants none.
	Sums func(path string) crypto.Hash
	// Store keeps verdicts on contents, and digests of files that did not change, from one scan to the next; nil keeps none.
	Store Store
	// Now is the time by which a file of the host has been left alone for a while.
	Now time.Time
	// Workers is how many files are looked into at the same time; 0 is one for each processor.
	Workers int
	// Time is how long the whole scan may take; 0 is as long as it takes.
	Time time.Duration
	// Progress is called now and then with how many bytes were done since; nil is allowed.
	Progress func(bytes int64)
}

// Store keeps values under keys of a fixed size. It is safe for concurrent use.
type Store interface {
	Get(key [32]byte) ([]byte, bool)
	Put(key [32]byte, value []byte)
}

// errPanic ends the walk when a worker panicked.
var errPanic = errors.New("a worker panicked")

const (
	// maxRecords is how many files that were not looked into, and how many matches, are listed. All are counted.
	maxRecords = 100_000
	// maxHoles is how many bytes of holes are read in one scan: a small disk can hold any number of files that are all holes.
	maxHoles = 16 << 30
	// maxNames is how many bytes one file with several names is read, all its names together.
	maxNames = 1 << 30
)

// Run scans the files of a guest. The error is that of the context, or of an engine that cannot work at all; what could not be
// looked into is in the result.
func Run(ctx context.Context, g *guest.Guest, opts Options) (*Result, error) {
	opts.Limits = opts.Limits.orDefaults()
	if opts.Workers == 0 {
		opts.Workers = runtime.GOMAXPROCS(0)
	}
	s := &scan{Options: opts, guest: g, result: newResult(), named: map[inode]int64{}}
	if opts.Time > 0 {
		s.deadline = time.Now().Add(opts.Time)
	}
	if err := s.run(ctx); err != nil {
		return nil, err
	}
	for _, e := range opts.Engines {
		s.result.Engines = append(s.result.Engines, e.Describe())
	}
	s.result.passing = s.result.passing || s.unkept.Load()
	s.result.sort()
	return s.result, nil
}

// scan is one run.
type scan struct {
	Options
	guest    *guest.Guest
	deadline time.Time // zero for none

	mu     sync.Mutex
	result *Result
	large  sync.Mutex // see Memory

	panicked atomic.Value // what a worker panicked with
	unkept   atomic.Bool  // an engine keeps no verdicts

	// Of the goroutine that walks: bytes of holes, and bytes read of files with several names.
	holes int64
	named map[inode]int64
}

// inode is one file, whatever its names.
type inode struct {
	device string
	node   uint64
}

func (s *scan) run(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	files := make(chan guest.Object, 64)
	var wg sync.WaitGroup
	for range s.Workers {
		wg.Go(func() {
			defer func() {
				if p := recover(); p != nil {
					s.panicked.Store(fmt.Sprintf("%v\n%s", p, debug.Stack()))
					cancel(errPanic)
				}
			}()
			if err := s.work(ctx, files); err != nil {
				cancel(err)
			}
		})
	}
	err := s.walk(ctx, files)
	s.unmounted()
	close(files)
	wg.Wait()
	if p := s.panicked.Load(); p != nil {
		panic(p) // where the caller can tell it as its own
	}
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return err
}

// walk sends every regular file to the workers, and the streams of all objects as files of their own. What cannot be listed is a record.
func (s *scan) walk(ctx context.Context, files chan<- guest.Object) error {
	return s.guest.Walk(ctx, "/", func(o guest.Object, err error) error {
		if err != nil {
			s.unread(o, err)
		}
		if o.Mode == 0 {
			return nil // nothing is known of it
		}
		if o.Apart != "" && o.Apart != guest.ApartMounted {
			s.result.Stats.Apart++ // nobody else counts these
		}
		streams, streamsErr := o.Streams()
		if streamsErr != nil && err == nil {
			s.unread(o, streamsErr)
		}
		for _, each := range append([]guest.Object{o}, streams...) {
			if err := s.send(ctx, each, files); err != nil {
				return err
			}
		}
		return nil
	})
}

// send gives a regular file to a worker.
func (s *scan) send(ctx context.Context, o guest.Object, files chan<- guest.Object) error {
	if !o.IsRegular() {
		return nil
	}
	s.mu.Lock()
	s.result.Stats.Files++
	s.result.Stats.Bytes += o.Size
	s.mu.Unlock()
	if skip := s.bounds(o); skip != nil {
		s.skip(o.Path, "", "", skip)
		return nil
	}
	select {
	case files <- o:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// unmounted records volumes that were not read and whose mount points are not there: they are made at boot, and no walk comes by.
func (s *scan) unmounted() {
	for _, m := range s.guest.Mounts {
		s.mu.Lock()
		told := s.result.leftOut[m.Target]
		s.mu.Unlock()
		if m.Unread != "" && !told {
			s.record(Unscanned{Path: m.Target, Reason: Unreadable, Detail: m.Source + " is not mounted: " + m.Unread})
		}
	}
}

// unread records what could not be listed. A volume that is not to be believed as a whole is told once, and its files are read.
func (s *scan) unread(o guest.Object, err error) {
	if t, ok := guest.TaintOf(err); ok {
		s.record(Unscanned{Path: t.Device, Reason: NotBelieved, Detail: t.Reason})
		return
	}
	s.record(Unscanned{Path: o.Path, Reason: reasonOf(err), Detail: causeOf(err)})
}

// bounds tells a file that takes more than its part of a scan.
func (s *scan) bounds(o guest.Object) *Skip {
	if o.Size > s.Limits.FileSize {
		return &Skip{Reason: TooLarge, Detail: strconv.FormatInt(o.Size, 10) + " bytes, the limit is " + strconv.FormatInt(s.Limits.FileSize, 10)}
	}
	if o.Allocated >= 0 && o.Size > o.Allocated {
		if s.holes += o.Size - o.Allocated; s.holes > maxHoles {
			return &Skip{Reason: LimitReached, Detail: "holes of more than " + strconv.Itoa(maxHoles>>30) + " GiB in all files"}
		}
	}
	if o.Links > 1 {
		at := inode{o.Device, uint64(o.Node)}
		if s.named[at] += o.Size; s.named[at] > maxNames && s.named[at] > o.Size {
			return &Skip{Reason: LimitReached, Detail: "a file with very many names: it was read under the first of them"}
		}
	}
	if !s.deadline.IsZero() && time.Now().After(s.deadline) {
		return &Skip{Reason: TimedOut, Detail: "the time of the whole scan was over"}
	}
	return nil
}

func (s *scan) skip(path, member, engine string, skip *Skip) {
	if skip.Member != "" {
		member = skip.Member
	}
	s.record(Unscanned{Path: path, Member: member, Engine: engine, Reason: skip.Reason, Detail: skip.Detail})
}

func (s *scan) record(u Unscanned) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.result
	r.Stats.Skipped[string(u.Reason)]++
	if !r.leftOut[u.Path] {
		r.Stats.Unscanned++
	}
	r.passing = r.passing || u.Reason.passing()
	// However many come before: an engine without a record is one that looked into everything.
	if len(r.Unscanned) < maxRecords || !r.missed[u.Engine] {
		r.leftOut[u.Path], r.missed[u.Engine] = true, true
		r.Unscanned = append(r.Unscanned, u)
	}
}

// reasonOf tells an error that came with its value from one that came in its place.
func reasonOf(err error) Reason {
	if believed(err) {
		return Unreadable
	}
	return NotBelieved
}

// causeOf is an error without the path that stands beside it.
func causeOf(err error) string {
	if pe := (*fs.PathError)(nil); errors.As(err, &pe) {
		return pe.Op + ": " + pe.Err.Error()
	}
	return err.Error()
}

// shipped says which package owns the file of an object, and whether its content is as that package has it.
func (s *scan) shipped(o *Object) (pkg string, state finding.Shipped) {
	if o.outer != nil {
		o = o.outer
	}
	if s.Packages == nil {
		return "", finding.ShippedUnknown
	}
	if !o.judged { // each match asks
		o.pkg, o.state = s.Packages.State(o.Path, func(h crypto.Hash) ([]byte, error) {
			if o.loaded || o.sums[h] != nil {
				return o.Sum(h), nil
			}
			return shipped.Sum(o.Object, h)
		})
		o.judged = true
	}
	return o.pkg, o.state
}
