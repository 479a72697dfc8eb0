package scanner

import (
	"errors"
	"os"
	"sync"
)

// Depths is how many regions a Memory has: one for a file of the guest, and one for each archive that a member of it is in.
const Depths = MaxNesting + 1

// Memory is where the content of the objects of one goroutine stands: a region for each depth of archives in each other. The
// process of an engine can map a region to read it, so that content is copied to nobody.
type Memory struct {
	regions [Depths]region
	// turn is shared by the memories of one scan: only one of them at a time holds large contents, so that what a scan takes does not
	// grow with the number of processors. nil is for a memory that is alone.
	turn  *sync.Mutex
	holds bool
}

// NewMemory returns an empty memory. Close it after use.
func NewMemory() (*Memory, error) {
	m := &Memory{}
	for i := range m.regions {
		if err := m.regions[i].open(); err != nil {
			return nil, errors.Join(err, m.Close())
		}
	}
	return m, nil
}

// Grow returns the n bytes of the region of the given depth, which hold what they held before.
func (m *Memory) Grow(depth, n int) ([]byte, error) {
	if n > largeContent && m.turn != nil && !m.holds {
		m.turn.Lock()
		m.holds = true
	}
	r := &m.regions[depth]
	if n > len(r.bytes) {
		if err := r.grow(n); err != nil {
			return nil, err
		}
	}
	return r.bytes[:n], nil
}

// Shrink gives memory back where a large file has been, and lets others have theirs.
func (m *Memory) Shrink() error {
	var errs []error
	for i := range m.regions {
		if len(m.regions[i].bytes) > keepMemory {
			errs = append(errs, m.regions[i].shrink(keepMemory))
		}
	}
	m.pass()
	return errors.Join(errs...)
}

// pass lets another memory hold large contents.
func (m *Memory) pass() {
	if m.holds {
		m.holds = false
		m.turn.Unlock()
	}
}

// File returns a file that reads as the region of the given depth, open for reading only, or nil where the host has no such thing.
// Its size is at least that of the content and may be larger.
func (m *Memory) File(depth int) *os.File { return m.regions[depth].file }

// Close frees the memory.
func (m *Memory) Close() error {
	defer m.pass()
	var errs []error
	for i := range m.regions {
		errs = append(errs, m.regions[i].close())
	}
	return errors.Join(errs...)
}

// keepMemory is how much of each region stays for the next file.
const keepMemory = 8 << 20

// largeContent is how many bytes of one content make a memory wait for its turn.
const largeContent = 16 << 20
