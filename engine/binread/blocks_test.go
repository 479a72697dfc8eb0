package binread

import (
	"io"
	"sync"
	"testing"
)

func TestBlocksKeepToTheirLimit(t *testing.T) {
	c := NewBlocks(10 * (1000 + blockOverhead))
	var wg sync.WaitGroup
	for i := range int64(8) {
		wg.Go(func() {
			for j := range int64(500) {
				b, mine := c.Get(j * (i%3 + 1))
				if mine {
					c.Put(b, make([]byte, 1000), nil)
				} else if got, err := b.Wait(); len(got) != 1000 || err != nil {
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
	if c.used > c.max || len(c.blocks) != inOrder || c.used != int64(inOrder)*(1000+blockOverhead) {
		t.Errorf("%d blocks (%d in order) use %d bytes, want at most %d", len(c.blocks), inOrder, c.used, c.max)
	}
}

func TestFailedBlocksAreNotKept(t *testing.T) {
	c := NewBlocks(1000)
	b, _ := c.Get(1)
	c.Put(b, nil, io.ErrClosedPipe)
	if _, mine := c.Get(1); !mine {
		t.Error("a block that could not be loaded is kept, want it loaded again")
	}
}
