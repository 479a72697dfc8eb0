package ntfs

import (
	"context"
	"fmt"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
)

const (
	maxRecords  = 1 << 28 // of $MFT
	maxClaims   = 1 << 31 // clusters of the volume
	claimsTimes = 4       // as many clusters as the volume has, and so many times, are claimed at most: all of them can be shared
)

// census is one pass over all records of $MFT.
type census struct {
	*FS
	found   func(filesys.Damage)
	claimed func(use filesys.Use, n filesys.Node, e extent) // may be nil
	visit   func(of *node)                                  // each file; may be nil

	records []tally // by number
	bitmap  []byte  // of $MFT; nil where it cannot be read
	used    []uint64
	budget  int64 // clusters that may still be claimed

	files, dirs uint64
	shared      bool // clusters that two claim were not looked for to the end
}

// tally is what is kept of a record.
type tally struct {
	sequence uint16
	links    uint16 // as the record says
	names    uint16 // that it has
	entries  uint16 // of directories that name it so
	state    recordState
}

type recordState uint8

const (
	recordFree      recordState = iota
	recordFile                  // or directory
	recordExtension             // whose file was not seen yet
	recordListed                // an extension that the list of its file names
	recordBad
)

func newCensus(f *FS, found func(filesys.Damage)) *census {
	c := &census{FS: f, found: found}
	if f.boot.clusters <= maxClaims {
		c.used = make([]uint64, f.boot.clusters/64+1)
		c.budget = claimsTimes * f.boot.clusters
	}
	return c
}

func (c *census) damage(kind filesys.DamageKind, harm filesys.Harm, n uint64, format string, args ...any) {
	c.found(filesys.Damage{Kind: kind, Harm: harm, Node: filesys.Node(n), Block: -1, Message: fmt.Sprintf(format, args...)})
}

func (c *census) run(ctx context.Context) error {
	count := c.mft.Size() / c.boot.recordSize
	if count > maxRecords || count > c.device.size/c.boot.recordSize {
		return binread.Corrupt("%d records, want at most the %d that the image has room for", count, c.device.size/c.boot.recordSize)
	}
	c.records = make([]tally, count)
	c.readBitmap()
	for n := range uint64(count) {
		if n%256 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		c.record(n)
	}
	return nil
}

// readBitmap reads which records are in use.
func (c *census) readBitmap() {
	var raw []byte
	of, err := c.table()
	if err == nil {
		s := of.stream(typeBitmap, "")
		if s == nil {
			err = binread.Corrupt("there is none")
		} else if raw, err = c.readAll(s, maxRecords/8); err == nil && len(raw) < len(c.records)/8 {
			err = binread.Corrupt("%d bytes for %d records", len(raw), len(c.records))
		}
	}
	if err != nil {
		c.damage(filesys.DamagedBitmap, filesys.HarmRisk, 0, "bitmap of $MFT: %v", err)
		return
	}
	c.bitmap = raw
}

// table is $MFT as a file.
func (f *FS) table() (*node, error) {
	rec, err := f.readRecord(recordMFT)
	if err != nil {
		return nil, err
	}
	return f.complete(rec, recordMFT)
}

// marked reports whether the bitmap has a record in use.
func (c *census) marked(n uint64) bool {
	return n/8 < uint64(len(c.bitmap)) && c.bitmap[n/8]>>(n%8)&1 != 0
}

// record looks at one record.
func (c *census) record(n uint64) {
	rec, err := c.readRecord(n)
	t := &c.records[n]
	switch {
	case err != nil && !c.marked(n):
		return // it need not have been written ever
	case err != nil:
		t.state = recordBad
		c.damage(filesys.DamagedInode, filesys.HarmLoss, n, "%v", err)
		return
	}
	inUse := rec.flags&flagInUse != 0
	if c.bitmap != nil && inUse != c.marked(n) {
		c.damage(filesys.DamagedBitmap, filesys.HarmRisk, n, "record %d: in use is %v, and %v in the bitmap of $MFT", n, inUse, !inUse)
	}
	if !inUse {
		return
	}
	t.sequence, t.links = rec.sequence, rec.links
	if rec.base != 0 {
		if t.state == recordFree {
			t.state = recordExtension
		}
		return
	}
	t.state = recordFile
	of, err := c.complete(rec, n)
	if err != nil {
		c.damage(filesys.DamagedMap, filesys.HarmLoss, n, "%v", err)
		of = &node{number: n, record: rec, attrs: rec.attrs}
	}
	c.file(of)
}

// file looks at the attributes of a file.
func (c *census) file(of *node) {
	c.files++
	if of.isDir() {
		c.dirs++
	}
	for _, ref := range of.extensions {
		if ref < uint64(len(c.records)) {
			c.records[ref].state = recordListed
		}
	}
	own := node{number: of.number, record: of.record, attrs: of.record.attrs}
	if list := own.stream(typeList, ""); list != nil && !list.resident { // which it does not list itself
		c.stream(of, list)
	}
	seen := map[attributeName]bool{}
	for i := range of.attrs {
		a := &of.attrs[i]
		if a.kind == typeName {
			c.records[of.number].names++
			continue
		}
		key := attributeName{a.kind, a.name}
		if a.resident || a.kind == typeList || seen[key] {
			continue
		}
		seen[key] = true
		c.stream(of, of.stream(a.kind, a.name))
	}
	if c.visit != nil {
		c.visit(of)
	}
}

type attributeName struct {
	kind uint32
	name string
}

// stream claims the clusters of an attribute.
func (c *census) stream(of *node, s *stream) {
	bad := func(format string, args ...any) {
		c.damage(filesys.DamagedMap, filesys.HarmLoss, of.number, "record %d: attribute %#x %q: %s", of.number, s.kind, s.name, fmt.Sprintf(format, args...))
	}
	list, err := c.extents(s)
	use := useOf(of, s)
	clusters := int64(0)
	for _, e := range list {
		clusters += e.length
		if e.start != hole {
			c.claim(use, of.number, e)
		}
	}
	switch {
	case err != nil:
		bad("%v", err)
	case clusters*c.boot.clusterSize != s.alloc:
		bad("%d clusters for %d bytes that are allocated", clusters, s.alloc)
	case s.size > s.alloc || s.valid > s.size:
		bad("%d bytes, of which %d are valid, in %d that are allocated", s.size, s.valid, s.alloc)
	}
}

// claim says whose clusters an extent is. It reports the first that something else has already.
func (c *census) claim(use filesys.Use, n uint64, e extent) {
	if c.claimed != nil {
		c.claimed(use, filesys.Node(n), e)
	}
	if c.budget -= e.length; c.budget < 0 {
		c.shared = true
		return
	}
	twice := int64(-1)
	for at := e.start; at < e.start+e.length; {
		word, bit := at/64, at%64
		size := min(64-bit, e.start+e.length-at)
		mask := ^uint64(0) >> (64 - size) << bit
		if c.used[word]&mask != 0 && twice < 0 {
			twice = at
		}
		c.used[word] |= mask
		at += size
	}
	if twice >= 0 {
		c.found(filesys.Damage{
			Kind: filesys.SharedBlock, Harm: filesys.HarmLoss, Node: filesys.Node(n), Block: twice,
			Message: fmt.Sprintf("record %d: clusters from about %d on are in use by another one", n, twice),
		})
	}
}

// useOf says what an attribute's clusters hold.
func useOf(of *node, s *stream) filesys.Use {
	switch {
	case s.kind == typeIndexAlloc:
		return filesys.UseDirectory
	case s.kind == typeList:
		return filesys.UseMap
	case of.number == recordMFT && s.kind == typeBitmap:
		return filesys.UseInodeBitmap
	case s.kind != typeData:
		return filesys.UseXattr
	}
	switch of.number {
	case recordMFT, recordMirror:
		return filesys.UseInodeTable
	case recordLog:
		return filesys.UseJournal
	case recordBitmap:
		return filesys.UseBlockBitmap
	case recordBoot:
		return filesys.UseBoot
	}
	if of.number < firstUser {
		return filesys.UseDescriptors
	}
	return filesys.UseContent
}
