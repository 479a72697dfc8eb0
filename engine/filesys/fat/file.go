package fat

import (
	"fmt"
	"io"
	"sync"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
)

// file is the content of a regular file. A chain of clusters that is damaged ends a read in front of the damage, with the
// error: a reader that looks at the count alone must not take what lies behind for good.
type file struct {
	fs    *FS
	entry entry
	chain func() chain // worked out when it is first needed
}

var _ filesys.Mapped = (*file)(nil)

// Open opens the content of a regular file. Clusters behind its size are not looked at.
func (f *FS) Open(n filesys.Node) (filesys.File, error) {
	e, err := f.readEntry(n)
	switch {
	case err != nil:
	case e.isDir():
		err = wrongType(&e, "file")
	case e.size != 0 && !f.boot.valid(e.start):
		err = binread.Corrupt("%d bytes of content begin at cluster %d, want 2 to %d", e.size, e.start, f.boot.last())
	}
	if err != nil {
		return nil, fmt.Errorf("fat: node %d: %w", n, err)
	}
	size := f.boot.clusterSize()
	want := uint32((int64(e.size) + size - 1) / size)
	return &file{fs: f, entry: e, chain: sync.OnceValue(func() chain { return f.follow(e.start, want) })}, nil
}

// Size is the length of the content in bytes.
func (c *file) Size() int64 { return int64(c.entry.size) }

// ReadAt reads the content.
func (c *file) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, binread.Corrupt("fat: node %d: offset %d, want not negative", c.entry.node, off)
	}
	if off >= c.Size() {
		return 0, io.EOF
	}
	short := int64(len(p)) > c.Size()-off
	if short {
		p = p[:c.Size()-off]
	}
	n, err := c.read(p, off)
	switch {
	case err != nil:
		return n, fmt.Errorf("fat: node %d: content at %d: %w", c.entry.node, off+int64(n), err)
	case short:
		return n, io.EOF
	}
	return n, nil
}

func (c *file) read(p []byte, off int64) (int, error) {
	chain := c.chain()
	done := 0
	for done < len(p) {
		at, count, err := c.place(&chain, off+int64(done))
		if err != nil {
			return done, err
		}
		piece := p[done:]
		piece = piece[:min(int64(len(piece)), count)]
		if err := c.fs.device.fill(piece, at); err != nil {
			return done, err
		}
		done += len(piece)
	}
	return done, nil
}

// place returns where a byte of the content is, and how many are there in one piece.
func (c *file) place(chain *chain, off int64) (at, n int64, err error) {
	size := c.fs.boot.clusterSize()
	cluster, count := chain.find(uint32(off / size))
	switch {
	case count != 0:
		return c.fs.boot.clusterOff(cluster) + off%size, int64(count)*size - off%size, nil
	case chain.err != nil:
		return 0, 0, chain.err
	}
	return 0, 0, binread.Corrupt("the chain ends after %d clusters, want %d bytes", chain.count, c.Size())
}

// Runs implements filesys.Mapped.
func (c *file) Runs(each func(filesys.Run)) bool {
	chain := c.chain()
	for off := int64(0); off < c.Size(); {
		at, n, err := c.place(&chain, off)
		if err != nil {
			return false
		}
		n = min(n, c.Size()-off)
		each(filesys.Run{Off: at, Len: n})
		off += n
	}
	return true
}
