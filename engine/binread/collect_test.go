package binread

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
)

func TestErrorsAreCollectedWithinALimit(t *testing.T) {
	var e Errors
	if e.Add(nil); e.Err() != nil {
		t.Errorf("%v out of nothing", e.Err())
	}
	e.Add(Checksum("the first"))
	e.Add(io.ErrClosedPipe)
	for i := range 20 {
		e.Add(fmt.Errorf("number %d", i))
	}
	err := e.Err()
	if !errors.Is(err, ErrChecksum) || !errors.Is(err, io.ErrClosedPipe) || errors.Is(err, ErrCorrupt) {
		t.Errorf("%v is not of all kinds that were added, and of no other", err)
	}
	if text := err.Error(); !strings.HasPrefix(text, "the first; ") || !strings.HasSuffix(text, "number 5; and 14 more") {
		t.Errorf("text %q", text)
	}
}

func TestCacheKeepsWhatIsUsed(t *testing.T) {
	c := NewCache(cacheShards) // one piece in each shard
	c.Put(1, []byte("one"))
	c.Put(1, []byte("one again"))
	if got := c.Get(1); string(got) != "one again" || c.Get(2) != nil {
		t.Errorf("%q", got)
	}
	c.Put(1+cacheShards, []byte("two"))
	if c.Get(1) != nil || string(c.Get(1+cacheShards)) != "two" {
		t.Error("more is kept than there is room for, or the newest is not")
	}
	c = NewCache(2 * cacheShards)
	c.Put(0, []byte("old"))
	c.Put(cacheShards, []byte("used"))
	c.Get(cacheShards)
	c.Put(2*cacheShards, []byte("new"))
	if c.Get(0) != nil || c.Get(cacheShards) == nil || c.Get(2*cacheShards) == nil {
		t.Error("what was used last is not what stays")
	}
}
