package memfs

import (
	"io/fs"
	"maps"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/engine/filesys"
)

// Streams implements filesys.Streamed.
func (f *FS) Streams(n filesys.Node) (list []filesys.Stream, err error) {
	if _, err := f.Stat(n); err != nil && !damaged(err) {
		return nil, err
	}
	file := f.nodes[n]
	if file.Err != nil && !damaged(file.Err) && len(file.Streams) > 0 {
		return nil, file.Err
	}
	for _, name := range slices.Sorted(maps.Keys(file.Streams)) {
		list = append(list, filesys.Stream{Name: name, Size: int64(len(file.Streams[name]))})
	}
	return list, nil
}

// OpenStream implements filesys.Streamed.
func (f *FS) OpenStream(n filesys.Node, name string) (filesys.File, error) {
	if _, err := f.Stat(n); err != nil && !damaged(err) {
		return nil, err
	}
	value, ok := f.nodes[n].Streams[name]
	if !ok {
		return nil, fs.ErrNotExist
	}
	return content{Reader: strings.NewReader(value)}, nil
}
