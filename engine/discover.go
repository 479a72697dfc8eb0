package engine

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/volume"
)

const (
	maxNesting = 8    // volumes inside each other
	maxVolumes = 1024 // of one machine
)

// discover probes the disks, and every volume it finds, until nothing new turns up.
func (m *Machine) discover(ctx context.Context) error {
	for i, d := range m.Disks {
		name := "disk"
		if len(m.Disks) > 1 {
			name = fmt.Sprintf("disk%d", i+1)
		}
		m.Volumes = append(m.Volumes, Volume{Volume: &volume.Volume{ReaderAt: d, Name: name, Size: d.Size()}})
	}
	for i := 0; i < len(m.Volumes); i++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		v := m.Volumes[i]
		v.Content, v.Err = m.identify(ctx, &v)
		m.Volumes[i] = v
		if v.Table == nil {
			continue
		}
		for _, child := range v.Table.Volumes {
			if len(m.Volumes) == maxVolumes || depth(child) > maxNesting {
				m.Problems = append(m.Problems, fmt.Sprintf("%s: more than %d volumes, or more than %d inside each other: the rest is not read",
					v.Name, maxVolumes, maxNesting))
				return nil
			}
			child.Name = m.childName(v, child)
			m.Volumes = append(m.Volumes, Volume{Volume: child})
		}
	}
	return nil
}

// childName makes the local name of a partition unique: with several disks, or inside another partition, it follows the
// name of its parent.
func (m *Machine) childName(parent Volume, child *volume.Volume) string {
	if parent.Name == "disk" {
		return child.Name
	}
	return parent.Name + child.Name
}

func depth(v *volume.Volume) int {
	n := 0
	for ; v.Parent != nil; v = v.Parent {
		n++
	}
	return n
}

// identify opens the table or file system in v, or names what is there and why it cannot be read.
func (m *Machine) identify(ctx context.Context, v *Volume) (content string, err error) {
	for _, f := range Volumes() {
		ok, err := f.Probe(v, v.Size)
		if err != nil {
			return "", err
		}
		if ok {
			v.Table, err = f.Open(ctx, []*volume.Volume{v.Volume})
			if err != nil {
				return f.Name, err
			}
			return f.Name, noteDecoy(v)
		}
	}
	for _, f := range FileSystems() {
		ok, err := f.Probe(v, v.Size)
		if err != nil {
			return "", err
		}
		if ok {
			v.FS, err = f.Open(v, v.Size)
			if err != nil {
				return f.Name, err
			}
			return v.FS.Description().Type, nil
		}
	}
	for _, s := range Signatures() {
		ok, err := s.Probe(v, v.Size)
		if err != nil {
			return "", err
		}
		if ok {
			return s.Name, unread(s)
		}
	}
	return "", nil
}

// noteDecoy says when the bytes of a table are those of a file system too: one of the two is left over or a decoy, and
// systems differ in which they take.
func noteDecoy(v *Volume) error {
	for _, f := range FileSystems() {
		ok, err := f.Probe(v, v.Size)
		if err != nil {
			return err
		}
		if ok {
			v.Table.Problems = append(v.Table.Problems, volume.Problemf(volume.Ambiguous, "the same bytes hold the superblock of a file system (%s), which is not read", f.Name))
		}
	}
	return nil
}

// unread is why something that was recognised is not read; nil where there is nothing to read.
func unread(s Signature) error {
	switch {
	case s.Kind == nil:
		return nil
	case errors.Is(s.Kind, binread.ErrEncrypted):
		return binread.WithHint(binread.Encrypted("%s: encrypted", s.Name), "this version reads no encrypted volumes: give it the decrypted disk")
	}
	return binread.WithHint(binread.Unsupported("%s: not read by this version", s.Name), "see what this version reads with: guestctl version --formats")
}

// lvm2 finds the label of a physical volume, which may stand in any of the first four sectors (lvm2, format_text).
func lvm2(r io.ReaderAt, size int64) (bool, error) {
	for sector := range int64(4) {
		ok, err := binread.Magic(sector*512, "LABELONE")(r, size)
		if ok || err != nil {
			return ok, err
		}
	}
	return false, nil
}
