package guest

import (
	"fmt"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
)

// maxStreams is how many streams of one object are told.
const maxStreams = 4096

// Streams returns the content that an object has beside its own, on file systems that keep such, in the order of the names. Each is a
// regular file, whose path is that of the object, a colon and its name, which no other path leads to.
func (o Object) Streams() ([]Object, error) {
	at, ok := o.place.at.fs.(filesys.Streamed)
	if !ok || o.stream != "" {
		return nil, nil
	}
	list, err := at.Streams(o.place.node)
	if len(list) > maxStreams {
		list, err = list[:maxStreams], binread.Limit("%d streams, of which %d are read", len(list), maxStreams)
	}
	var streams []Object
	for _, s := range list {
		n := o
		n.Path, n.stream, n.Size, n.Allocated, n.Links = o.Path+":"+s.Name, s.Name, s.Size, -1, 1
		n.Mode = o.Mode&^filesys.ModeType | filesys.ModeRegular
		streams = append(streams, n)
	}
	return streams, first(o.wrap("streams", err), o.taint("streams"))
}

// content opens what a regular file holds, or what a stream does.
func (o Object) content() (filesys.File, error) {
	if o.stream == "" {
		return o.place.at.fs.Open(o.place.node)
	}
	at, ok := o.place.at.fs.(filesys.Streamed)
	if !ok {
		return nil, fmt.Errorf("stream %q: %w", o.stream, binread.Unsupported("the file system has none"))
	}
	return at.OpenStream(o.place.node, o.stream)
}

// Security says to whom an object belongs and who may do what with it, where its file system knows that by security identifiers; the zero
// value where it does not.
func (o Object) Security() (filesys.Security, error) {
	at, ok := o.place.at.fs.(filesys.Secured)
	if !ok {
		return filesys.Security{}, nil
	}
	s, err := at.Security(o.place.node)
	return s, first(o.wrap("security", err), o.taint("security"))
}
