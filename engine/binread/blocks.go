package binread

import "sync"

// blockOverhead is what a block of a cache costs besides its bytes, about.
const blockOverhead = 256

// Blocks keeps blocks by a number: their place, mostly.
type Blocks = BlocksBy[int64]

// BlocksBy keeps the blocks of a device that were used last, up to a number of bytes. However many readers ask for a block at once, one of
// them loads it. What it hands out is shared and must not be changed. It is safe for concurrent use.
type BlocksBy[K comparable] struct {
	mu     sync.Mutex
	blocks map[K]*Block[K]
	ring   Block[K] // its next is the block used last, its prev the one to go first
	used   int64
	max    int64 // bytes
}

// Block is a block that is loaded or being loaded.
type Block[K comparable] struct {
	key        K
	next, prev *Block[K]
	loaded     chan struct{} // closed when b and err are set
	b          []byte
	err        error
}

// NewBlocks returns a cache for maxBytes in all.
func NewBlocks(maxBytes int64) *Blocks { return NewBlocksBy[int64](maxBytes) }

// NewBlocksBy returns a cache for maxBytes in all.
func NewBlocksBy[K comparable](maxBytes int64) *BlocksBy[K] {
	c := &BlocksBy[K]{blocks: map[K]*Block[K]{}, max: maxBytes}
	c.ring.next, c.ring.prev = &c.ring, &c.ring
	return c
}

// Get returns the block of key. When mine is true the caller has to load it and must call Put; otherwise it waits.
func (c *BlocksBy[K]) Get(key K) (b *Block[K], mine bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if b, ok := c.blocks[key]; ok {
		b.unlink()
		c.link(b)
		return b, false
	}
	b = &Block[K]{key: key, loaded: make(chan struct{})}
	c.blocks[key] = b
	c.link(b)
	return b, true
}

// Put gives its bytes to a block. What could not be loaded is not kept.
func (c *BlocksBy[K]) Put(b *Block[K], loaded []byte, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	b.b, b.err = loaded, err
	close(b.loaded)
	if err != nil {
		c.remove(b)
		return
	}
	c.used += int64(len(loaded)) + blockOverhead
	for old := c.ring.prev; old != &c.ring && c.used > c.max; {
		prev := old.prev
		if old != b && old.isLoaded() {
			c.used -= int64(len(old.b)) + blockOverhead
			c.remove(old)
		}
		old = prev
	}
}

// link makes b the block used last.
func (c *BlocksBy[K]) link(b *Block[K]) {
	b.prev, b.next = &c.ring, c.ring.next
	b.prev.next, b.next.prev = b, b
}

func (b *Block[K]) unlink() { b.prev.next, b.next.prev = b.next, b.prev }

func (c *BlocksBy[K]) remove(b *Block[K]) {
	b.unlink()
	delete(c.blocks, b.key)
}

func (b *Block[K]) isLoaded() bool {
	select {
	case <-b.loaded:
		return true
	default:
		return false
	}
}

// Wait returns the bytes of the block once they are loaded.
func (b *Block[K]) Wait() ([]byte, error) {
	<-b.loaded
	return b.b, b.err
}
