package seal

import (
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"time"

	"github.com/guestctl/guestctl/engine"
	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/engine/image"
)

// sector is the least that a machine has as a disk, in bytes: whoever backed up less has no backup to seal.
const sector = 512

// Options say how to seal. The zero value will do, save for the time.
type Options struct {
	Created time.Time
	Workers int // 0: one for each processor
	// Progress is called with how many bytes of the virtual disk were done since; it may be nil.
	Progress func(bytes int64)
	// MachineIDs and FileSystems are as in Header.
	MachineIDs  []string
	FileSystems map[string]string
}

// Seal reads an image and writes its seal to w. An image that cannot be read whole is not sealed: the error says where.
func Seal(ctx context.Context, img image.Image, w io.Writer, opts Options) (*Manifest, error) {
	m, b, err := sealed(ctx, img, opts)
	if err != nil {
		return nil, err
	}
	_, err = w.Write(b)
	return m, err
}

// Machine seals the disk of a machine that has one, with what tells the machine from others. One that is written to meanwhile is not
// sealed.
func Machine(ctx context.Context, m *engine.Machine, w io.Writer, opts Options) (*Manifest, error) {
	if len(m.Disks) != 1 {
		return nil, fmt.Errorf("seal: %d disks, want one", len(m.Disks))
	}
	if n := m.Disks[0].Size(); n < sector {
		return nil, binread.Corrupt("seal: %d bytes, want a disk of at least one sector of %d", n, sector)
	}
	opts.MachineIDs, opts.FileSystems = identity(ctx, m)
	s, b, err := sealed(ctx, m.Disks[0].Image, opts)
	if err != nil {
		return nil, err
	}
	if err := m.Unchanged(); err != nil {
		return nil, fmt.Errorf("seal: the image %w", err)
	}
	_, err = w.Write(b)
	return s, err
}

// identity is what tells a machine from others. What cannot be read is missing.
func identity(ctx context.Context, m *engine.Machine) (ids []string, uuids map[string]string) {
	uuids = map[string]string{}
	for _, v := range m.Volumes {
		if v.FS != nil && len(uuids) < maxList {
			uuids[v.Name] = v.FS.Description().UUID
		}
	}
	for _, g := range m.Guests {
		doc, err := m.Facts(ctx, g, facts.Request{Domains: []string{"machine_id"}}, time.Time{})
		if err != nil {
			continue
		}
		if f, ok := facts.Get[facts.MachineID](doc, "machine_id"); ok && f.State == "set" && len(ids) < maxList {
			ids = append(ids, f.Value)
		}
	}
	return ids, uuids
}

func sealed(ctx context.Context, img image.Image, opts Options) (*Manifest, []byte, error) {
	m := &Manifest{Header: Header{
		Size: img.Size(), ChunkSize: ChunkSize(img.Size()), Created: opts.Created.UTC(), Format: img.Description().Format,
		MachineIDs: opts.MachineIDs, FileSystems: opts.FileSystems,
	}}
	if err := m.validate(); err != nil {
		return nil, nil, fmt.Errorf("seal: %w", err)
	}
	m.used = make([]byte, (m.Chunks()+7)/8)
	var failed error
	r := reader{img, &m.Header, opts.Workers}
	err := r.read(ctx, nil, 0, func(c *chunk) bool {
		if c.err != nil {
			failed = binread.WithHint(fmt.Errorf("seal: %d bytes at %#x: %w", c.n, c.off, c.err), "an image that cannot be read whole is not sealed")
			return false
		}
		if !c.zero {
			m.used[c.i/8] |= 1 << (c.i % 8)
			m.digests = append(m.digests, c.digest)
		}
		if opts.Progress != nil {
			opts.Progress(c.n)
		}
		return true
	})
	if err != nil || failed != nil {
		return nil, nil, firstOf(err, failed)
	}
	m.index()
	m.Root = hex.EncodeToString(m.root())
	b, err := m.encode()
	return m, b, err
}

func firstOf(a, b error) error {
	if a != nil {
		return a
	}
	return b
}
