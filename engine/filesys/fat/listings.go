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
	mu     sync.Mutex
	byNode map[filesys.Node]*listing
	order  []filesys.Node // the oldest first
	count  int            // entries in all
}

// get returns the listing of a directory, or nil.
func (l *listings) get(n filesys.Node) *listing {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.byNode[n]
}

func (l *listings) put(n filesys.Node, of *listing) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, known := l.byNode[n]; known {
		return
	}
	if l.byNode == nil {
		l.byNode = map[filesys.Node]*listing{}
	}
	l.byNode[n] = of
	l.order = append(l.order, n)
	l.count += 1 + len(of.entries)
	for l.count > maxListed && len(l.order) > 1 {
		oldest := l.order[0]
		l.order = l.order[1:]
		l.count -= 1 + len(l.byNode[oldest].entries)
		delete(l.byNode, oldest)
	}
}
