package engine

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"sync"
	"sync/atomic"
	"time"

	"github.com/guestctl/guestctl/engine/image"
)

// Identity tells the state of a machine's disks from any other: the size, inode and times of every file the images
// consist of, and a digest of all that was read to find the guests: container tables, partition tables, superblocks.
type Identity struct {
	Digest  string
	Stamps  []image.Stamp // of every file, backing files included
	Settled bool          // an edit after the opening would change the identity
}

// ErrChanged is the kind of errors about an image that was written to after it was opened.
var ErrChanged = errors.New("changed while it was read")

// witness sees every byte that is read while a machine is opened. It is silent afterwards.
type witness struct {
	silent atomic.Bool
	mu     sync.Mutex
	sum    hash.Hash
	stamps []image.Stamp
	files  []*image.File
}

func newWitness() *witness { return &witness{sum: sha256.New()} }

// watch returns f with its reads witnessed.
func (w *witness) watch(f *image.File) *watchedFile {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.stamps = append(w.stamps, f.Stamp())
	w.files = append(w.files, f)
	return &watchedFile{f, w}
}

// identity ends the watch.
func (w *witness) identity(now time.Time) Identity {
	w.silent.Store(true)
	w.mu.Lock()
	defer w.mu.Unlock()
	id := Identity{Stamps: w.stamps, Settled: true}
	for _, s := range w.stamps {
		w.sum.Write(fmt.Appendln(nil, s.Size, s.Inode, s.Modified.UnixNano(), s.Changed.UnixNano()))
		id.Settled = id.Settled && s.Settled(now)
	}
	id.Digest = hex.EncodeToString(w.sum.Sum(nil))
	return id
}

// Unchanged reports whether the files that the machine's images consist of are what they were when they were opened. The error, of kind
// ErrChanged, says what is other. What is written to a block device leaves no trace: nothing is known of one.
func (m *Machine) Unchanged() error {
	for i, f := range m.files {
		was, of := f.Stamp(), ""
		if len(m.files) > 1 {
			of = fmt.Sprintf("file %d of %d: ", i+1, len(m.files))
		}
		now, err := f.Restamp()
		switch {
		case err != nil:
			return fmt.Errorf("%s%w: %w", of, ErrChanged, err)
		case now.Size != was.Size:
			return fmt.Errorf("%s%w: from %d to %d bytes", of, ErrChanged, was.Size, now.Size)
		case now != was:
			return fmt.Errorf("%s%w: written at %s", of, ErrChanged, now.Modified.UTC().Format(time.RFC3339Nano))
		}
	}
	return nil
}

// watchedFile is a file of the host whose reads are witnessed. It keeps the file's own methods, such as Extent.
type watchedFile struct {
	*image.File
	witness *witness
}

// ReadAt implements io.ReaderAt.
func (f *watchedFile) ReadAt(p []byte, off int64) (int, error) {
	n, err := f.File.ReadAt(p, off)
	if w := f.witness; !w.silent.Load() {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.sum.Write(fmt.Appendln(nil, off, n))
		w.sum.Write(p[:n])
	}
	return n, err
}
