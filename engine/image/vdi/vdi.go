// Package vdi reads disk images of VirtualBox of version 1, read-only: dynamic, fixed and differencing ones, with blocks of any size
// and with data of their own before each block. No specification of the format is published: the fields are those of VirtualBox's
// VDICore.h, and what they mean is what VirtualBox does.
//
// A differencing image knows the UUID of its parent and no name. VirtualBox calls the files of snapshots by their UUID, and so the
// parent is looked for as {UUID}.vdi, by image.Options.Sibling only.
package vdi

import (
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/image"
)

const (
	// Entries of the block map that are no place: a block that was never written, and one that was discarded or is zeros.
	blockFree = 0xffffffff
	blockZero = 0xfffffffe
	// maxTables is the memory that an open image keeps of its block map.
	maxTables = 1 << 20
)

// Format is the VDI format.
var Format = image.Format{
	Name:  "vdi",
	Probe: binread.Magic(signatureAt, signature),
	Open: func(r io.ReaderAt, size int64, opts image.Options) (image.Image, error) {
		m, err := open(r, size, opts)
		if err != nil {
			return nil, fmt.Errorf("vdi: %w", err)
		}
		return m, nil
	},
}

// Image is an open VDI. It is safe for concurrent use.
type Image struct {
	image.Mapping
	fileSize int64
	head     *header
	blocks   *binread.Pages
	problems []string
}

func open(r io.ReaderAt, size int64, opts image.Options) (*Image, error) {
	if opts.Snapshot != "" {
		return nil, binread.Unsupported("snapshot %q: VDIs have no internal snapshots", opts.Snapshot)
	}
	head, err := readHeader(r, size)
	if err != nil {
		return nil, err
	}
	m := &Image{fileSize: size, head: head, blocks: binread.NewPages(r, size, maxTables)}
	m.Mapping = image.Mapping{Format: "vdi", Bytes: head.size(), File: r, Find: m.find}
	if head.kind == differencing {
		err = m.openParent(opts.Sibling)
	}
	return m, err
}

func (m *Image) openParent(open image.Sibling) (err error) {
	want := m.head.link.String()
	names := []string{"{" + want + "}.vdi"}
	m.Parent, m.ParentName, err = image.OpenParent(open, "vdi", names, func(parent image.Image) error {
		id, _ := image.IdentityOf(parent)
		if id.ID != want {
			return binread.Corrupt("has the UUID %s, want %s: it is another disk", id.ID, want)
		}
		if modified := m.head.parentModified.String(); id.Change != modified {
			m.problems = append(m.problems, fmt.Sprintf("the parent was written to after this image was made: its modification UUID is %s, want %s", id.Change, modified))
		}
		return nil
	})
	if errors.Is(err, fs.ErrNotExist) {
		return binread.WithHint(err, "VDIs know their parent by its UUID only: put it, or a link to it, beside the image under the name "+names[0])
	}
	return err
}

// Description implements image.Image.
func (m *Image) Description() image.Description {
	return m.Above(image.Description{
		Format: "vdi", Version: m.head.versionName(), ClusterSize: m.head.blockSize, Used: m.fileSize, Problems: m.problems,
	})
}

// Identity implements image.Identified: the UUID of the image, and that of its last modification.
func (m *Image) Identity() image.Identity {
	return image.Identity{ID: m.head.id.String(), Change: m.head.modified.String()}
}

func (m *Image) find(off, n int64) (image.Run, error) {
	in := off % m.head.blockSize
	r := image.Run{Place: image.Below, Len: min(n, m.head.blockSize-in)}
	at := m.head.mapOff + off/m.head.blockSize*4
	entry, err := m.entry(at)
	switch {
	case err != nil:
		return r, fmt.Errorf("entry of the block map at %#x: %w", at, err)
	case entry == blockFree:
		return r, nil
	case entry == blockZero:
		r.Place = image.Zeros
		return r, nil
	}
	r.Place, r.Host = image.Stored, m.head.block(entry)+m.head.extra+in
	if r.Host >= m.fileSize {
		return r, binread.Corrupt("entry of the block map at %#x: block %d at %#x, want it inside of a file of %d bytes", at, entry, m.head.block(entry), m.fileSize)
	}
	return r, nil
}

func (m *Image) entry(at int64) (uint32, error) {
	b, err := m.blocks.From(at)
	c := binread.Little(b)
	entry := c.U32()
	if err == nil {
		err = c.Err()
	}
	return entry, err
}
