package binread

import "sync"

// blockOverhead is what a block of a cache costs besides its bytes, about.
const blockOverhead = 256

// Blocks keeps the blocks of a device that were used last, up to a number of bytes. However many readers ask for a block at once, one of
// them loads it. What it hands out is shared and must not be changed. It is safe for concurrent use.
type Blocks struct {
	mu     sync.Mutex
	blocks map[int64]*Block
	ring   Block // its next is the block used last, its prev the one to go first
	used   int64
	max    int64 // bytes
}

// Block is a block that is loaded or being loaded.
type Block struct {
	key        int64
	next, prev *Block
	loaded     chan struct{} // closed when b and err are set
	b          []byte
	err        error
}

// NewBlocks returns a cache for maxBytes in all.
func NewBlocks(maxBytes int64) *Blocks {
	c := &Blocks{blocks: map[int64]*Block{}, max: maxBytes}
	c.ring.next, c.ring.prev = &c.ring, &c.ring
	return c
}

// Get returns the block of key. When mine is true the caller has to load it and must call Put; otherwise it waits.
func (c *Blocks) Get(key int64) (b *Block, mine bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if b, ok := c.blocks[key]; ok {
		b.unlink()
		c.link(b)
		return b, false
	}
	b = &Block{key: key, loaded: make(chan struct{})}
	c.blocks[key] = b
	c.link(b)
	return b, true
}

// Put gives its bytes to a block. What could not be loaded is not kept.
func (c *Blocks) Put(b *Block, loaded []byte, err error) {
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
func (c *Blocks) link(b *Block) {
	b.prev, b.next = &c.ring, c.ring.next
	b.prev.next, b.next.prev = b, b
}

func (b *Block) unlink() { b.prev.next, b.next.prev = b.next, b.prev }

func (c *Blocks) remove(b *Block) {
	b.unlink()
	delete(c.blocks, b.key)
}

func (b *Block) isLoaded() bool {
	select {
	case <-b.loaded:
		return true
	default:
		return false
	}
}

// Wait returns the bytes of the block once they are loaded.
func (b *Block) Wait() ([]byte, error) {
	<-b.loaded
	return b.b, b.err
}
