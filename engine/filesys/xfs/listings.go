package xfs

import (
	"sync"

	"github.com/guestctl/guestctl/engine/filesys"
)

// maxListed is how many entries of directories are kept together.
const maxListed = 1 << 17

// listing is what a directory holds. It is shared and must not be changed.
type listing struct {
	entries []filesys.DirEntry // in the order of their names
	err     error              // what could not be read
}

// listings keeps the listings that were read last. The zero value is ready.
type listings struct {
	mu    sync.RWMutex
	byDir map[uint64]*listing
	order []uint64 // the oldest first
	count int      // entries in all
}

// get returns the listing of a directory, or nil.
func (l *listings) get(dir uint64) *listing {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.byDir[dir]
}

func (l *listings) put(dir uint64, of *listing) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, known := l.byDir[dir]; known {
		return
	}
	if l.byDir == nil {
		l.byDir = map[uint64]*listing{}
	}
	l.byDir[dir] = of
	l.order = append(l.order, dir)
	l.count += 1 + len(of.entries)
	for l.count > maxListed && len(l.order) > 1 {
		oldest := l.order[0]
		l.order = l.order[1:]
		l.count -= 1 + len(l.byDir[oldest].entries)
		delete(l.byDir, oldest)
	}
}
