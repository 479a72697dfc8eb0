package binread

import "sync"

const cacheShards = 8

// Cache keeps pieces of a device that were read: a fixed number, second chance on eviction. What it hands out is shared
// and must not be changed. It is safe for concurrent use.
type Cache struct {
	shards [cacheShards]shard
}

type shard struct {
	mu    sync.Mutex
	index map[uint64]int // into slots
	slots []slot
	limit int
	hand  int
}

type slot struct {
	key  uint64
	data []byte
	used bool
}

// NewCache returns a cache for n pieces, or for a few where n is less.
func NewCache(n int) *Cache {
	c := &Cache{}
	for i := range c.shards {
		c.shards[i].index = map[uint64]int{}
		c.shards[i].limit = max(1, n/cacheShards)
	}
	return c
}

// Get returns the piece of that key, or nil.
func (c *Cache) Get(key uint64) []byte {
	s := &c.shards[key%cacheShards]
	s.mu.Lock()
	defer s.mu.Unlock()
	i, ok := s.index[key]
	if !ok {
		return nil
	}
	s.slots[i].used = true
	return s.slots[i].data
}

// Put keeps a piece under its key, in place of an older one.
func (c *Cache) Put(key uint64, data []byte) {
	s := &c.shards[key%cacheShards]
	s.mu.Lock()
	defer s.mu.Unlock()
	if i, ok := s.index[key]; ok {
		s.slots[i].data = data
		return
	}
	if len(s.slots) < s.limit {
		s.index[key] = len(s.slots)
		s.slots = append(s.slots, slot{key: key, data: data})
		return
	}
	for s.slots[s.hand].used {
		s.slots[s.hand].used = false
		s.hand = (s.hand + 1) % len(s.slots)
	}
	delete(s.index, s.slots[s.hand].key)
	s.index[key] = s.hand
	s.slots[s.hand] = slot{key: key, data: data}
	s.hand = (s.hand + 1) % len(s.slots)
}
