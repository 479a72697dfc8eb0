package appliance

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
)

const (
	maxMembers = 10_000 // of an archive
	blockSize  = 512    // bytes
)

// probeOVA recognises a tar archive (POSIX ustar and pax, GNU). Whether it is an appliance is for its members to say. One of the seventh
// edition of Unix has no magic number: it is known by the sum of its first header and the name of the descriptor in it.
var probeOVA = binread.AnyOf(binread.Magic(257, "ustar"), func(r io.ReaderAt, size int64) (bool, error) {
	if size < blockSize {
		return false, nil
	}
	b, err := binread.ReadAt(r, 0, blockSize, blockSize)
	if err != nil {
		return false, err
	}
	h, err := tar.NewReader(bytes.NewReader(b)).Next()
	return err == nil && path.Ext(h.Name) == ".ovf", nil
})

func openOVA(s Source) (*Machine, error) {
	members, err := readTar(s.File)
	if err != nil {
		return nil, fmt.Errorf("ova: %w", err)
	}
	name, err := members.descriptor()
	if err != nil {
		return nil, fmt.Errorf("ova: %w", err)
	}
	f, err := members.open(name)
	if err != nil {
		return nil, fmt.Errorf("ova: %q: %w", name, err)
	}
	m, e, err := readOVF(f, members.open)
	if err != nil {
		return nil, fmt.Errorf("ova: %q: %w", name, err)
	}
	m.Package, err = readPackage(name, strings.TrimSuffix(name, path.Ext(name)), e.references(), members.open)
	if err != nil {
		return nil, fmt.Errorf("ova: %w", err)
	}
	m.Notes = append(m.Notes, m.Package.notes()...)
	return m, nil
}

// members are the files of an archive by name. A value of kind nothing but a file has a Size of -1.
type members map[string]File

// open is a Files.
func (m members) open(name string) (File, error) {
	f, ok := m[path.Clean(name)]
	switch {
	case !ok:
		return File{}, fmt.Errorf("no such member of the archive: %w", fs.ErrNotExist)
	case f.Size < 0:
		return File{}, binread.Refused("the member is no regular file")
	}
	return f, nil
}

// descriptor is the name of the one OVF file.
func (m members) descriptor() (string, error) {
	var found []string
	for _, name := range slices.Sorted(maps.Keys(m)) {
		if strings.EqualFold(path.Ext(name), ".ovf") {
			found = append(found, name)
		}
	}
	switch len(found) {
	case 0:
		return "", binread.WithHint(binread.Unsupported("a tar archive of %d members without an OVF descriptor", len(m)), "unpack it, and name the disk that is in it")
	case 1:
		return found[0], nil
	}
	return "", binread.Corrupt("%d OVF descriptors, such as %q and %q, want one", len(found), found[0], found[1])
}

// readTar lists the members of an archive without reading what is in them.
func readTar(f File) (members, error) {
	section := io.NewSectionReader(f, 0, f.Size)
	r := tar.NewReader(section) // which reads headers block by block, and seeks over the rest
	all := members{}
	for {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, binread.Corrupt("tar: member %d: %w", len(all)+1, err)
		}
		at, err := section.Seek(0, io.SeekCurrent)
		if err != nil {
			return nil, err
		}
		if len(all) == maxMembers {
			return nil, binread.Limit("tar: more than %d members", maxMembers)
		}
		if err := all.add(h, f, at); err != nil {
			return nil, fmt.Errorf("tar: %q: %w", h.Name, err)
		}
	}
}

// add adds the member whose bytes begin at an offset.
func (m members) add(h *tar.Header, f File, at int64) error {
	name := path.Clean(h.Name)
	if _, twice := m[name]; twice {
		return binread.Corrupt("two members are called so")
	}
	if h.Typeflag != tar.TypeReg {
		if h.Typeflag == tar.TypeGNUSparse {
			return binread.Unsupported("a sparse member")
		}
		m[name] = File{Size: -1}
		return nil
	}
	for key := range h.PAXRecords {
		if strings.HasPrefix(key, "GNU.sparse.") {
			return binread.Unsupported("a sparse member")
		}
	}
	if h.Size > f.Size-at {
		return binread.WithHint(binread.Corrupt("%d bytes at %#x, and the archive has %d", h.Size, at, f.Size), "the archive was cut off: copy or download it again")
	}
	m[name] = File{io.NewSectionReader(f, at, h.Size), h.Size}
	return nil
}
