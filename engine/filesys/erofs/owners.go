package erofs

import (
	"context"
	"fmt"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
)

var _ filesys.Owned = (*FS)(nil)

// Owners implements filesys.Owned. A block that two things claim, as those do that share a cluster or a fragment, is the first one's: the
// file system's own, then that of the directory nearest to the root.
func (f *FS) Owners(ctx context.Context, blocks []uint64) (map[uint64]filesys.Owner, error) {
	claims, err := filesys.NewClaims(blocks, f.super.blockSize())
	if err != nil {
		return nil, fmt.Errorf("erofs: owners: %w", err)
	}
	claims.Claim(filesys.UseSuperblock, 0, 0, superOff+superSize)
	o := owners{fs: f, Claims: claims}
	err = o.walk(ctx)
	o.special(f.super.metaboxInode, filesys.UseInodeTable, f.box.err)
	o.special(f.super.packedInode, filesys.UseContent, f.packed.err)
	o.Rest(func(uint64) filesys.Use { return filesys.UseUnknown })
	if err == nil {
		err = o.bad.Err()
	}
	if err != nil {
		return o.Found, fmt.Errorf("erofs: owners: %w", err)
	}
	return o.Found, nil
}

// owners claims blocks for all that the root leads to.
type owners struct {
	*filesys.Claims
	fs  *FS
	bad binread.Errors
}

func (o *owners) walk(ctx context.Context) error {
	seen := map[filesys.Node]bool{o.fs.Root(): true}
	for queue := []filesys.Node{o.fs.Root()}; len(queue) > 0; queue = queue[1:] {
		if err := ctx.Err(); err != nil {
			return err
		}
		i, err := o.fs.readInode(queue[0])
		if err != nil {
			o.bad.Add(fmt.Errorf("node %d: %w", queue[0], err))
			continue
		}
		o.inode(&i)
		if !i.isDir() {
			continue
		}
		entries, err := o.fs.ReadDir(queue[0])
		o.bad.Add(err)
		for _, e := range entries {
			if !seen[e.Node] {
				seen[e.Node] = true
				queue = append(queue, e.Node)
			}
		}
	}
	return nil
}

// inode claims what an inode has.
func (o *owners) inode(i *inode) {
	node := nodeOf(i.number)
	if !i.boxed() {
		o.Claim(filesys.UseInodeTable, 0, i.at, i.end-i.xattr-i.at)
		o.Claim(filesys.UseXattr, node, i.end-i.xattr, i.xattr)
	}
	use := filesys.UseContent
	switch {
	case i.isDir():
		use = filesys.UseDirectory
	case !i.isRegular() && !i.isSymlink():
		return
	}
	c, err := o.fs.content(i)
	if err != nil {
		o.bad.Add(fmt.Errorf("node %d: %w", node, err))
		return
	}
	o.content(c, use, node, 0, c.Size())
}

// special claims what is left of an inode that no directory names.
func (o *owners) special(number uint64, use filesys.Use, missing error) {
	if missing != nil {
		return // the description has said so, or there is none
	}
	i, err := o.fs.readInode(nodeOf(number))
	if err != nil {
		o.bad.Add(err)
		return
	}
	o.Claim(filesys.UseInodeTable, 0, i.at, i.end-i.at)
	c, err := o.fs.content(&i)
	if err != nil {
		o.bad.Add(err)
		return
	}
	node := filesys.Node(0)
	if use == filesys.UseContent {
		node = nodeOf(number)
	}
	o.content(c, use, node, 0, c.Size())
}

// content claims where the content from a byte to another is.
func (o *owners) content(c filesys.File, use filesys.Use, n filesys.Node, from, to int64) {
	p, ok := c.(*packed)
	if !ok {
		o.stretches(c, use, n, from, to)
		return
	}
	for off := from; off < to; {
		e, err := p.extentAt(off)
		if err != nil {
			o.bad.Add(fmt.Errorf("node %d: content at %d: %w", n, off, err))
			return
		}
		next := e.at + e.length
		switch {
		case e.kind == kindFragment:
			if file, err := o.fs.packed.get(); err == nil && e.fragment <= uint64(file.Size()) && c != file {
				first := int64(e.fragment) + off - e.at
				o.content(file, use, n, first, min(first+next-off, file.Size()))
			}
		case e.kind != kindHole && !e.cluster.boxed:
			o.Claim(use, n, e.cluster.off, e.cluster.stored)
		}
		off = next
	}
}

// stretches claims those of content that is not packed.
func (o *owners) stretches(c filesys.File, use filesys.Use, n filesys.Node, from, to int64) {
	m, ok := c.(filesys.Mapped)
	if !ok {
		return
	}
	at := int64(0)
	m.Runs(func(r filesys.Run) {
		first, end := max(from, at), min(to, at+r.Len)
		if first < end && !r.Zero {
			o.Claim(use, n, r.Off+first-at, end-first)
		}
		at += r.Len
	})
}
