package btrfs

import (
	"errors"
	"maps"
	"math"
	"slices"
	"sort"

	"github.com/guestctl/guestctl/engine/binread"
)

// tree is a B-tree by its root.
type tree struct {
	fs   *FS
	root pointer
	over overlay // what a log tree changed, which is seen where one object is asked for
}

// errStop ends a walk early.
var errStop = errors.New("stop")

func isStop(err error) bool { return errors.Is(err, errStop) }

// each calls visit with the items from one key to another, both included, in order. Where a block is damaged it calls bad with the first
// key that may be missing, and goes on behind it. It ends with the first error of visit, which it gives to bad as well.
func (t tree) each(from, to key, visit func(key, []byte) error, bad func(key, error)) {
	if _, changed := t.over[from.object]; changed && from.object == to.object {
		t.over.each(from, to, visit, bad)
		return
	}
	w := walk{t: t, from: from, to: to, visit: visit, bad: bad}
	if err := w.block(t.root, nil, nil); err != nil && !isStop(err) {
		bad(w.at, err)
	}
}

// all calls visit with all items, those that a log tree changed instead of what was there; bad is as with each.
func (t tree) all(visit func(key, []byte) error, bad func(key, error)) {
	raw := tree{fs: t.fs, root: t.root}
	raw.each(key{}, key{lastOffset, math.MaxUint8, lastOffset}, func(k key, b []byte) error {
		if _, changed := t.over[k.object]; changed {
			return nil
		}
		return visit(k, b)
	}, bad)
	for _, id := range slices.Sorted(maps.Keys(t.over)) {
		t.over.each(key{id, 0, 0}, key{id, math.MaxUint8, lastOffset}, visit, bad)
	}
}

// walk is one pass over a tree.
type walk struct {
	t        tree
	from, to key
	at       key // of the item that visit was called with
	visit    func(key, []byte) error
	bad      func(key, error)
}

// block walks a block whose first key is first, where that is known, and whose keys are below limit. Its error is that of visit.
func (w *walk) block(p pointer, first, limit *key) error {
	b, err := w.t.fs.readBlock(p)
	if err == nil {
		err = bounded(b, first, limit)
	}
	if err != nil {
		at := w.from
		if first != nil && first.compare(at) > 0 {
			at = *first
		}
		w.bad(at, err)
		return nil
	}
	if b.level > 0 {
		return w.node(b, limit)
	}
	for i := sort.Search(b.count, func(i int) bool { return b.key(i).compare(w.from) >= 0 }); i < b.count; i++ {
		if w.at = b.key(i); w.at.compare(w.to) > 0 {
			return errStop
		}
		if err := w.visit(w.at, b.data(i)); err != nil {
			return err
		}
	}
	return nil
}

func (w *walk) node(b block, limit *key) error {
	i := sort.Search(b.count, func(i int) bool { return b.key(i).compare(w.from) > 0 })
	for i = max(i-1, 0); i < b.count; i++ {
		first := b.key(i)
		if first.compare(w.to) > 0 {
			return errStop
		}
		end := limit
		if i+1 < b.count {
			next := b.key(i + 1)
			end = &next
		}
		if err := w.block(b.child(i, w.t.root.owner), &first, end); err != nil {
			return err
		}
	}
	return nil
}

// bounded checks that the keys of a block are those the node above says. As they ascend from block to block, no block is walked twice.
func bounded(b block, first, limit *key) error {
	switch {
	case first == nil:
	case b.count == 0:
		return binread.Corrupt("an empty block below a node")
	case b.key(0) != *first:
		return binread.Corrupt("a block does not begin with the key that the node above has")
	case limit != nil && b.key(b.count-1).compare(*limit) >= 0:
		return binread.Corrupt("a block goes on behind the next one")
	}
	return nil
}

// get returns the data of the item of a key, or nil where there is none.
func (t tree) get(k key) (data []byte, err error) {
	var bad binread.Errors
	t.each(k, k, func(_ key, b []byte) error {
		data = b
		return errStop
	}, func(_ key, err error) { bad.Add(err) })
	if err := bad.Err(); err != nil {
		return nil, err
	}
	return data, nil
}
