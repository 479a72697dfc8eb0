package filesys

import (
	"slices"
	"strings"
	"sync"

	"github.com/guestctl/guestctl/engine/binread"
)

// maxListed is how many entries of directories are kept together.
const maxListed = 1 << 17

// Listing is what a directory holds, as its file system keeps it. It is shared and must not be changed.
type Listing struct {
	Entries []DirEntry      // in the order of their names
	Names   map[string]Node // what Lookup finds
	Err     error           // what could not be read
}

// Add adds an entry, which Lookup finds by a name that can differ from its own.
func (l *Listing) Add(e DirEntry, name string) error {
	l.Entries = append(l.Entries, e)
	if _, known := l.Names[name]; known {
		return binread.Corrupt("two entries named %q", e.Name)
	}
	if l.Names == nil {
		l.Names = map[string]Node{}
	}
	l.Names[name] = e.Node
	return nil
}

// End puts the entries in order once all were added, and says what could not be read.
func (l *Listing) End(err error) {
	slices.SortStableFunc(l.Entries, func(a, b DirEntry) int { return strings.Compare(a.Name, b.Name) })
	l.Err = err
}

// CheckName says what is wrong with the name of a directory entry, if anything is.
func CheckName(name string) error {
	switch {
	case name == "" || name == "." || name == "..":
		return binread.Corrupt("name %q, want one of its own", name)
	case strings.ContainsAny(name, "/\x00"):
		return binread.Corrupt("name %q holds a slash or a zero byte", name)
	}
	return nil
}

// Listings keeps the listings that were read last, each by a number of its directory. It is safe for concurrent use, and the zero value
// is ready.
type Listings struct {
	mu       sync.Mutex
	byNumber map[uint64]*Listing
	order    []uint64 // the oldest first
	count    int      // entries in all
}

// Get returns the listing of a directory, or nil.
func (l *Listings) Get(number uint64) *Listing {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.byNumber[number]
}

// Put keeps a listing, unless there is one of that number.
func (l *Listings) Put(number uint64, of *Listing) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, known := l.byNumber[number]; known {
		return
	}
	if l.byNumber == nil {
		l.byNumber = map[uint64]*Listing{}
	}
	l.byNumber[number] = of
	l.order = append(l.order, number)
	l.count += 1 + len(of.Entries)
	for l.count > maxListed && len(l.order) > 1 {
		oldest := l.order[0]
		l.order = l.order[1:]
		l.count -= 1 + len(l.byNumber[oldest].Entries)
		delete(l.byNumber, oldest)
	}
}
