// Package hive reads registry hives of Windows: the files SYSTEM, SOFTWARE, SAM, SECURITY, NTUSER.DAT and their like, versions 1.3 to 1.6.
//
// It follows "Windows registry file format specification" by Maxim Suhanov. It reads bytes and knows no paths: who opens a hive gives it
// the transaction logs that lie beside it, and they are replayed in memory. Links between keys are returned as values and never followed;
// what is volatile is not in a file. A key is read when it is asked for, so that a hive of hundreds of megabytes opens at once.
//
// It reads no security descriptors, and nothing of a differencing hive but what is in it.
//
// www.velocidex.com/golang/regparser was looked at and not taken: a cell that is damaged vanishes from its lists without a word, a table
// that is too short is read as zeros, nothing says that a hive is dirty, and logs are applied without a look at their hashes.
package hive

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"sync/atomic"
	"time"

	"github.com/guestctl/guestctl/engine/binread"
)

const cached = 4 << 20 // bytes of a hive that are kept

// Log is a transaction log beside a hive.
type Log struct {
	Name string // "SYSTEM.LOG1", for messages
	io.ReaderAt
	Size int64 // bytes
}

// Condition says how far a hive can be believed.
type Condition string

// The conditions of hives.
const (
	Clean    Condition = "clean"    // written to the end
	Replayed Condition = "replayed" // not written to the end; what its logs hold was applied
	Dirty    Condition = "dirty"    // a log is missing or damaged, or the hive is: what is read may be old or half of a change
)

// State is the state of a hive as a whole.
type State struct {
	Condition Condition
	Problems  []string  // why it is dirty
	Written   time.Time // when it was written last; zero where it does not say
}

// Hive is an open hive. It is safe for concurrent use.
type Hive struct {
	source *source
	pages  *binread.Pages
	bins   bins
	size   int64 // bytes of the hive bins
	minor  uint32
	root   uint32
	state  State
}

// Open opens the hive in r, of size bytes. Where its base block says that it was not written to the end, what the logs hold is replayed in
// memory. Bytes that are no hive are ErrCorrupt; a hive whose logs are missing or do not fit opens, and its State says so.
func Open(r io.ReaderAt, size int64, logs ...Log) (*Hive, error) {
	src := &source{ReaderAt: r}
	found, problem := readBase(src)
	if problem == nil && found.kind != primaryFile {
		return nil, binread.Corrupt("hive: base block: file type %d, want %d: this is a log", found.kind, primaryFile)
	}
	h := &Hive{source: src, state: State{Condition: Clean}}
	if problem != nil || found.primary != found.secondary {
		var err error
		if found, err = h.recover(found, problem, logs); err != nil {
			return nil, err
		}
	}
	h.size, h.minor, h.root, h.state.Written = found.size, found.minor, found.root, found.written
	h.pages = binread.NewPages(h.source, baseSize+h.size, cached)
	if end := h.source.end(size); end < baseSize+h.size {
		h.taint(binread.Corrupt("the file ends at %#x, its hive bins at %#x", end, baseSize+h.size))
	}
	h.bins.pages = make([]int32, h.size/pageSize)
	return h, nil
}

func (h *Hive) taint(err error) {
	h.state.Condition = Dirty
	h.state.Problems = append(h.state.Problems, err.Error())
}

// State tells whether the hive was written to the end.
func (h *Hive) State() State {
	s := h.state
	s.Problems = slices.Clone(s.Problems)
	if err := h.source.doubt.Load(); err != nil {
		s.Condition, s.Problems = Dirty, append(s.Problems, (*err).Error())
	}
	return s
}

// Root returns the root key. Its name is of no meaning.
func (h *Hive) Root() (Key, error) {
	k, err := h.node(h.root)
	if err != nil {
		return Key{}, fmt.Errorf("hive: root: %w", err)
	}
	return k, nil
}

// Key returns the key of a path below the root, in any case: `Microsoft\Windows NT\CurrentVersion`. A key that is absent is
// fs.ErrNotExist, and one that may be among what is damaged is ErrCorrupt.
func (h *Hive) Key(path string) (Key, error) {
	root, err := h.Root()
	if err != nil {
		return Key{}, err
	}
	return root.Key(path)
}

// source is the file of a hive with what its logs put over it. Bytes that the file system does not believe are read all the same, and remembered.
type source struct {
	io.ReaderAt
	over  overlay
	doubt atomic.Pointer[error]
}

// ReadAt reads from the overlay where it has something, and from the file elsewhere.
func (s *source) ReadAt(b []byte, off int64) (int, error) {
	n, err := s.over.readAt(s.ReaderAt, b, off)
	if errors.Is(err, binread.ErrChecksum) {
		s.doubt.CompareAndSwap(nil, &err)
		return n, nil
	}
	return n, err
}

// end is where the bytes of the source end, when the file has size bytes.
func (s *source) end(size int64) int64 { return max(size, s.over.end) }
