package qcow2

import (
	"io"
	"sync"
	"testing"
)

func TestCacheKeepsToItsLimit(t *testing.T) {
	c := newCache(10 * (1000 + overhead))
	var wg sync.WaitGroup
	for i := range int64(8) {
		wg.Go(func() {
			for j := range int64(500) {
				b, mine := c.get(j * (i%3 + 1))
				if mine {
					c.put(b, make([]byte, 1000), nil)
				} else if got, err := b.wait(); len(got) != 1000 || err != nil {
					t.Errorf("block has %d bytes, %v", len(got), err)
				}
			}
		})
	}
	wg.Wait()
	inOrder := 0
	for b := c.ring.next; b != &c.ring; b = b.next {
		inOrder++
	}
	if c.used > c.max || len(c.blocks) != inOrder || c.used != int64(inOrder)*(1000+overhead) {
		t.Errorf("%d blocks (%d in order) use %d bytes, want at most %d", len(c.blocks), inOrder, c.used, c.max)
	}
}

func TestFailedBlocksAreNotKept(t *testing.T) {
	c := newCache(1000)
	b, _ := c.get(1)
	c.put(b, nil, io.ErrClosedPipe)
	if _, mine := c.get(1); !mine {
		t.Error("a block that could not be loaded is kept, want it loaded again")
	}
}
