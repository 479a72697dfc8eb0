package qcow2

import (
	"container/list"
	"sync"
)

// overhead is what a block of a cache costs besides its bytes, about.
const overhead = 256

// cache keeps the blocks that were used last. However many readers ask for a block at once, one of them loads it.
type cache struct {
	mu     sync.Mutex
	blocks map[int64]*block
	order  list.List // of *block, the one used last in front
	used   int64
	max    int64 // bytes
}

// block is a block that is loaded or being loaded.
type block struct {
	key    int64
	place  *list.Element
	loaded chan struct{} // closed when b and err are set
	b      []byte
	err    error
}

func newCache(maxBytes int64) *cache { return &cache{blocks: map[int64]*block{}, max: maxBytes} }

// get returns the block of key. When mine is true the caller has to load it and must call put; otherwise it waits.
func (c *cache) get(key int64) (b *block, mine bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if b, ok := c.blocks[key]; ok {
		c.order.MoveToFront(b.place)
		return b, false
	}
	b = &block{key: key, loaded: make(chan struct{})}
	b.place = c.order.PushFront(b)
	c.blocks[key] = b
	return b, true
}

// put gives its bytes to a block. What could not be loaded is not kept.
func (c *cache) put(b *block, loaded []byte, err error) {
	b.b, b.err = loaded, err
	c.mu.Lock()
	defer c.mu.Unlock()
	close(b.loaded)
	if err != nil {
		c.remove(b)
		return
	}
	c.used += int64(len(loaded)) + overhead
	for e := c.order.Back(); e != nil && c.used > c.max; {
		old := e.Value.(*block)
		e = e.Prev()
		if old != b && old.isLoaded() {
			c.used -= int64(len(old.b)) + overhead
			c.remove(old)
		}
	}
}

func (c *cache) remove(b *block) {
	c.order.Remove(b.place)
	delete(c.blocks, b.key)
}

func (b *block) isLoaded() bool {
	select {
	case <-b.loaded:
		return true
	default:
		return false
	}
}

// wait returns the bytes of the block once they are loaded.
func (b *block) wait() ([]byte, error) {
	<-b.loaded
	return b.b, b.err
}
