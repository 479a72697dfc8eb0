package fat

import (
	"sync"

	"github.com/guestctl/guestctl/engine/filesys"
)

// maxListed is how many entries of directories are kept together.
const maxListed = 1 << 17

// listing is what a directory holds. It is shared and must not be changed.
type listing struct {
	entries []filesys.DirEntry      // in the order of their names
	names   map[string]filesys.Node // long and short ones, in small letters
	err     error                   // what could not be read
}

// listings keeps the listings that were read last. The zero value is ready.
type listings struct {
	mu      sync.Mutex
	byStart map[uint32]*listing // by the directory's first cluster, 0 for the root of FAT12 and FAT16
	order   []uint32            // the oldest first
	count   int                 // entries in all
}

// get returns the listing of a directory, or nil.
func (l *listings) get(start uint32) *listing {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.byStart[start]
}

func (l *listings) put(start uint32, of *listing) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, known := l.byStart[start]; known {
		return
	}
	if l.byStart == nil {
		l.byStart = map[uint32]*listing{}
	}
	l.byStart[start] = of
	l.order = append(l.order, start)
	l.count += 1 + len(of.entries)
	for l.count > maxListed && len(l.order) > 1 {
		oldest := l.order[0]
		l.order = l.order[1:]
		l.count -= 1 + len(l.byStart[oldest].entries)
		delete(l.byStart, oldest)
	}
}
