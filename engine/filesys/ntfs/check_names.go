package ntfs

import (
	"context"
	"slices"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
)

// names holds the entries of all directories against the names of files, and walks all other indexes.
func (c *check) names(ctx context.Context) error {
	for n := range c.records {
		if err := ctx.Err(); err != nil {
			return err
		}
		if c.records[n].state == recordFile {
			c.indexes(uint64(n))
		}
	}
	for n := range c.records {
		c.named(uint64(n))
	}
	return nil
}

// indexes walks the indexes of a file.
func (c *check) indexes(n uint64) {
	rec, err := c.readRecord(n)
	if err != nil {
		return
	}
	of, err := c.complete(rec, n)
	if err != nil {
		return // said already
	}
	damage := func(_ int64, err error) {
		c.damage(filesys.DamagedDirectory, filesys.HarmLoss, n, "record %d: index: %v", n, err)
	}
	hasNames := false
	for i := range of.attrs {
		a := &of.attrs[i]
		if a.kind != typeIndexRoot {
			continue
		}
		each := func([]byte) error { return nil }
		if a.name == indexName {
			hasNames = true
			each = func(entry []byte) error { return c.entry(of, entry) }
		}
		c.walkIndex(of, a.name, each, damage)
	}
	if of.isDir() && !hasNames {
		c.damage(filesys.DamagedDirectory, filesys.HarmLoss, n, "directory %d has no index of names", n)
	}
}

// entry looks for what an entry of a directory names.
func (c *check) entry(dir *node, b []byte) error {
	c.result.Entries++
	ref, key, err := indexedName(b)
	if err != nil {
		return err
	}
	name := key.name()
	if ref.number() >= uint64(len(c.records)) {
		return binread.Corrupt("%q is of record %d, want it before %d", name, ref.number(), len(c.records))
	}
	t := &c.records[ref.number()]
	switch {
	case t.state == recordBad:
		return nil // said already
	case t.state != recordFile:
		return binread.Corrupt("%q is of record %d, which is not that of a file", name, ref.number())
	case t.sequence != ref.sequence():
		return binread.Corrupt("%q is of record %d, which is another file", name, ref.number())
	case key.parent.number() != dir.number || key.parent.sequence() != dir.record.sequence:
		return binread.Corrupt("%q is a name of directory %d", name, key.parent.number())
	}
	if has, err := c.hasName(ref.number(), key); err == nil && !has { // an error was said already, of its own record
		return binread.Corrupt("%q is of record %d, which has no such name here", name, ref.number())
	}
	t.entries++
	return nil
}

// hasName reports whether a file has a name.
func (c *check) hasName(n uint64, want fileName) (bool, error) {
	rec, err := c.readRecord(n)
	if err != nil {
		return false, err
	}
	of, err := c.complete(rec, n)
	if err != nil {
		return false, err
	}
	for i := range of.attrs {
		if a := &of.attrs[i]; a.kind == typeName {
			got, err := decodeFileName(a.value)
			if err == nil && got.parent == want.parent && got.space == want.space && slices.Equal(got.units, want.units) {
				return true, nil
			}
		}
	}
	return false, nil
}

// named judges a record by its names and by the entries that were found.
func (c *check) named(n uint64) {
	t := c.records[n]
	switch {
	case t.state == recordExtension:
		c.damage(filesys.Unconnected, filesys.HarmRisk, n, "record %d is a part of a file that does not name it", n)
	case t.state != recordFile, n >= firstReserved && n < firstNamed:
	case t.names == 0 || t.entries == 0:
		c.damage(filesys.Unconnected, filesys.HarmLoss, n, "record %d has %d names, of which no directory has one", n, t.names)
	case t.entries != t.names:
		c.damage(filesys.DamagedLinks, filesys.HarmRisk, n, "record %d has %d names, and directories have %d entries for it", n, t.names, t.entries)
	case t.links != t.names:
		c.damage(filesys.DamagedLinks, filesys.HarmNone, n, "record %d counts %d links, and has %d names", n, t.links, t.names)
	}
}
