package qcow2

import "sync"

// overhead is what a block of a cache costs besides its bytes, about.
const overhead = 256

// cache keeps the blocks that were used last. However many readers ask for a block at once, one of them loads it.
type cache struct {
	mu     sync.Mutex
	blocks map[int64]*block
	ring   block // its next is the block used last, its prev the one to go first
	used   int64
	max    int64 // bytes
}

// block is a block that is loaded or being loaded.
type block struct {
	key        int64
	next, prev *block
	loaded     chan struct{} // closed when b and err are set
	b          []byte
	err        error
}

func newCache(maxBytes int64) *cache {
	c := &cache{blocks: map[int64]*block{}, max: maxBytes}
	c.ring.next, c.ring.prev = &c.ring, &c.ring
	return c
}

// get returns the block of key. When mine is true the caller has to load it and must call put; otherwise it waits.
func (c *cache) get(key int64) (b *block, mine bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if b, ok := c.blocks[key]; ok {
		b.unlink()
		c.link(b)
		return b, false
	}
	b = &block{key: key, loaded: make(chan struct{})}
	c.blocks[key] = b
	c.link(b)
	return b, true
}

// put gives its bytes to a block. What could not be loaded is not kept.
func (c *cache) put(b *block, loaded []byte, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	b.b, b.err = loaded, err
	close(b.loaded)
	if err != nil {
		c.remove(b)
		return
	}
	c.used += int64(len(loaded)) + overhead
	for old := c.ring.prev; old != &c.ring && c.used > c.max; {
		prev := old.prev
		if old != b && old.isLoaded() {
			c.used -= int64(len(old.b)) + overhead
			c.remove(old)
		}
		old = prev
	}
}

// link makes b the block used last.
func (c *cache) link(b *block) {
	b.prev, b.next = &c.ring, c.ring.next
	b.prev.next, b.next.prev = b, b
}

func (b *block) unlink() { b.prev.next, b.next.prev = b.next, b.prev }

func (c *cache) remove(b *block) {
	b.unlink()
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
