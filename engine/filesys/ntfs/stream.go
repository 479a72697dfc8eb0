package ntfs

import (
	"bytes"
	"fmt"
	"io"
	"math"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
)

// extent is a stretch of clusters of a stream.
type extent struct {
	at     int64 // the cluster of the stream it begins with
	length int64 // clusters
	start  int64 // the cluster of the volume, or hole
}

const (
	hole = -1

	maxExtents = 1 << 21 // of one stream
)

// extents decodes where a stream is.
func (f *FS) extents(s *stream) ([]extent, error) {
	var list []extent
	next := int64(0)
	for i := range s.pieces {
		p := &s.pieces[i]
		if p.resident || p.first != next {
			return list, binread.Corrupt("a piece from cluster %d on, want %d", p.first, next)
		}
		var err error
		if list, next, err = f.decodePairs(list, p.pairs, next); err != nil {
			return list, err
		}
		if p.last >= 0 && next != p.last+1 {
			return list, binread.Corrupt("a piece to cluster %d, want %d", next-1, p.last)
		}
	}
	return list, nil
}

// decodePairs decodes the pairs of lengths and differences of a piece, which begins with cluster at of its stream.
func (f *FS) decodePairs(list []extent, pairs []byte, at int64) ([]extent, int64, error) {
	start := int64(0)
	for len(pairs) > 0 && pairs[0] != 0 {
		lengthBytes, startBytes := int(pairs[0]&15), int(pairs[0]>>4)
		if lengthBytes == 0 || lengthBytes > 8 || startBytes > 8 || 1+lengthBytes+startBytes > len(pairs) {
			return list, at, binread.Corrupt("a run of %d and %d bytes", lengthBytes, startBytes)
		}
		e := extent{at: at, length: signed(pairs[1 : 1+lengthBytes]), start: hole}
		if e.length <= 0 || e.length > math.MaxInt64/f.boot.clusterSize-at {
			return list, at, binread.Corrupt("a run of %d clusters", e.length)
		}
		if startBytes > 0 {
			start += signed(pairs[1+lengthBytes : 1+lengthBytes+startBytes])
			if e.start = start; start < 0 || start > f.boot.clusters || e.length > f.boot.clusters-start {
				return list, at, binread.Corrupt("a run of %d clusters at %d, want it before %d", e.length, start, f.boot.clusters)
			}
		}
		if len(list) == maxExtents {
			return list, at, binread.Limit("more than %d runs", maxExtents)
		}
		list = append(list, e)
		at += e.length
		pairs = pairs[1+lengthBytes+startBytes:]
	}
	if len(pairs) == 0 {
		return list, at, binread.Corrupt("runs without an end")
	}
	return list, at, nil
}

// signed decodes a number with the low byte first.
func signed(b []byte) int64 {
	v := int64(int8(b[len(b)-1]))
	for i := len(b) - 2; i >= 0; i-- {
		v = v<<8 | int64(b[i])
	}
	return v
}

// content is a stream that is stored as it is. Where its runs end early, or are damaged, a read of what is missing is an error.
func (f *FS) content(s *stream) *filesys.Content {
	list, damage := f.extents(s)
	c := &filesys.Content{Where: fmt.Sprintf("ntfs: node %d", s.number), Volume: f.device, Limit: f.device.size}
	var runs []filesys.Run
	at := int64(0)
	valid := min(s.valid, s.size)
	for _, e := range list {
		n := min(e.length*f.boot.clusterSize, valid-at)
		if n <= 0 {
			break
		}
		r := filesys.Run{Off: e.start * f.boot.clusterSize, Len: n}
		if e.start == hole {
			r = filesys.Run{Len: n, Zero: true}
		}
		runs = append(runs, r)
		at += n
	}
	switch {
	case at < valid && damage == nil:
		c.Damage = binread.Corrupt("runs of %d bytes, want %d", at, valid)
	case damage != nil:
		c.Damage = damage
	case s.size > valid:
		runs = append(runs, filesys.Run{Len: s.size - valid, Zero: true})
	}
	c.Consist(s.size, runs)
	return c
}

// resident is content that is in the record itself.
type resident struct{ *bytes.Reader }

// ReadAt is that of bytes.Reader, with an error of our kind for a negative offset.
func (r resident) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, binread.Corrupt("offset %d, want not negative", off)
	}
	return r.Reader.ReadAt(p, off)
}

// open opens a stream, however it is stored.
func (f *FS) open(s *stream) (filesys.File, error) {
	switch {
	case s.flags&attrEncrypted != 0:
		return nil, binread.Encrypted("the content is encrypted (EFS)")
	case s.resident:
		return resident{bytes.NewReader(s.value)}, nil
	case s.flags&attrCompressed == 1:
		return f.openCompressed(s)
	case s.flags&attrCompressed != 0:
		return nil, binread.Unsupported("compression %d", s.flags&attrCompressed)
	}
	return f.content(s), nil
}

// Open opens the content of a regular file.
func (f *FS) Open(n filesys.Node) (filesys.File, error) {
	of, err := f.readNode(n)
	if err != nil {
		return nil, err
	}
	file, err := f.openNode(of)
	if err != nil {
		return nil, fmt.Errorf("ntfs: node %d: %w", n, err)
	}
	return file, nil
}

func (f *FS) openNode(of *node) (filesys.File, error) {
	point, err := f.reparse(of)
	switch {
	case err != nil:
		return nil, err
	case of.isDir() || point.isLink():
		return nil, binread.Unsupported("not a regular file")
	case point != nil && point.tag == tagWOF:
		return f.openWOF(of, point.data)
	case point != nil:
		return nil, binread.Unsupported("the content is kept elsewhere: %s", point.keeper())
	}
	s := of.stream(typeData, "")
	if s == nil {
		return resident{bytes.NewReader(nil)}, nil
	}
	return f.open(s)
}

var _ io.ReaderAt = resident{}
