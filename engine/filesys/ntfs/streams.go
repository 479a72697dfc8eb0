package ntfs

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
)

const (
	maxStreamValue = 64 << 10 // of a named stream that is shown as an attribute; the kernel has no longer attributes
	maxValues      = 4 << 20  // of all of a file
)

var _ filesys.Streamed = (*FS)(nil)

// named returns the named streams of a file in the order of their names, without what WOF keeps in one.
func (f *FS) named(of *node) []*stream {
	point, err := f.reparse(of)
	packed := err == nil && point != nil && point.tag == tagWOF
	var list []*stream
	for i := range of.attrs {
		a := &of.attrs[i]
		if a.kind == typeData && a.name != "" && a.first == 0 && (!packed || a.name != wofStream) {
			list = append(list, of.stream(typeData, a.name))
		}
	}
	slices.SortStableFunc(list, func(a, b *stream) int { return strings.Compare(a.name, b.name) })
	return list
}

// Streams implements filesys.Streamed. Directories have streams too.
func (f *FS) Streams(n filesys.Node) ([]filesys.Stream, error) {
	of, err := f.readNode(n)
	if err != nil {
		return nil, err
	}
	var list []filesys.Stream
	for _, s := range f.named(of) {
		list = append(list, filesys.Stream{Name: s.name, Size: s.length()})
	}
	return list, nil
}

// OpenStream implements filesys.Streamed.
func (f *FS) OpenStream(n filesys.Node, name string) (filesys.File, error) {
	of, err := f.readNode(n)
	if err != nil {
		return nil, err
	}
	for _, s := range f.named(of) {
		if s.name != name {
			continue
		}
		file, err := f.open(s)
		if err != nil {
			return nil, fmt.Errorf("ntfs: node %d: stream %q: %w", n, name, err)
		}
		return file, nil
	}
	return nil, fmt.Errorf("ntfs: node %d: stream %q: %w", n, name, fs.ErrNotExist)
}

// Xattrs returns the named streams that are not too long for an attribute.
func (f *FS) Xattrs(n filesys.Node) (map[string][]byte, error) {
	of, err := f.readNode(n)
	if err != nil {
		return nil, err
	}
	var attrs map[string][]byte
	var problems binread.Errors
	total := 0
	for _, s := range f.named(of) {
		value, err := f.readAll(s, maxStreamValue)
		if err != nil {
			problems.Add(fmt.Errorf("ntfs: node %d: stream %q: %w", n, s.name, err))
			continue
		}
		if total += len(value); total > maxValues {
			problems.Add(fmt.Errorf("ntfs: node %d: %w", n, binread.Limit("streams of more than %d bytes", maxValues)))
			break
		}
		if attrs == nil {
			attrs = map[string][]byte{}
		}
		attrs["user."+s.name] = append([]byte{}, value...)
	}
	return attrs, problems.Err()
}
