// Package place tells what lies where on a disk: the partition, what that part of it is for, and the path of the file.
//
// It asks every file of every file system once where its content lies. What no file has is what the file system says it is, or
// metadata and free space together where it does not tell. It reads no content.
package place

import (
	"cmp"
	"context"
	"slices"

	"github.com/guestctl/guestctl/engine"
	"github.com/guestctl/guestctl/engine/filesys"
)

// Region is what a part of a disk is for.
type Region string

// The regions.
const (
	Table      Region = "partition table"
	Outside    Region = "outside of partitions" // boot loaders live there, too
	Volume     Region = "unread volume"         // a partition of which the content is not read
	Content    Region = "file"
	Boot       Region = "boot block" // in front of a file system
	Super      Region = "superblock"
	Groups     Region = "group descriptors"
	Bitmaps    Region = "bitmaps"
	Inodes     Region = "inode table"
	Journal    Region = "journal"
	Directory  Region = "directory"
	BlockMap   Region = "block map"  // of a file: where its content lies
	Attributes Region = "attributes" // of a file, in a block of their own
	Tree       Region = "tree"       // a block of one of a file system's trees, which can have all of its metadata
	Free       Region = "free space"
	Unclear    Region = "metadata or free space"
)

// Place is a stretch of a disk that is for one thing.
type Place struct {
	Offset int64  `json:"offset"` // on the disk, in bytes
	Length int64  `json:"length"`
	Volume string `json:"volume"` // "p2"; "disk" where it is in none
	Region Region `json:"region"`
	Path   string `json:"path,omitempty"` // of a file or directory; the first where it has several

	File int `json:"-"` // in Files; -1 where it is of none
}

const (
	maxSpans = 1 << 23 // stretches of files of one disk
	mbrBytes = 512
	gptBytes = 34 * 512 // with the table of mke2fs's and everyone's 128 entries; the copy at the end has one sector less
)

// Map tells what lies where on one disk.
type Map struct {
	Files []File
	// Problems are what could not be read: a stretch may be of a file that is not known.
	Problems []Missed

	parts []part
	names map[name]int // of Files; nil until it is asked for
}

// name is an object of a file system.
type name struct {
	volume string
	node   filesys.Node
}

// Missed is something that could not be read.
type Missed struct {
	Path  string `json:"path"` // or the name of a volume
	Cause string `json:"cause"`
}

// part is a stretch of the disk that is in one volume, or in none.
type part struct {
	off, end int64
	from     int64 // in the volume, in bytes
	volume   string
	region   Region // of what no span has
	spans    []span // in order, and none over another
	fs       filesys.FS
}

type span struct {
	off, end int64
	file     int32 // -1: none
	region   Region
}

// Of makes the map of a machine's disk. The error is that of the context.
func Of(ctx context.Context, m *engine.Machine, disk int) (*Map, error) {
	all := &Map{}
	names := mountPoints(m)
	for i := range m.Volumes {
		v := &m.Volumes[i]
		if v.Table != nil || v.Set != "" || v.File != "" { // what is in it has volumes of its own; a file is one of its file system
			continue
		}
		pieces, whole := piecesOf(m, v.Volume)
		if !whole {
			all.problem(v.Name, "not all of it is on a disk as it is: what is where is not known")
		}
		if !slices.ContainsFunc(pieces, func(p piece) bool { return p.disk == disk }) {
			continue
		}
		w := walker{Map: all, volume: v, prefix: names[v.Name]}
		region := Volume
		if v.FS != nil {
			region = Unclear
			if err := w.walk(ctx, pieces); err != nil {
				return nil, err
			}
		} else if v.Err != nil {
			all.problem(v.Name, v.Err.Error())
		}
		for _, p := range pieces {
			if p.disk == disk {
				all.parts = append(all.parts, part{
					off: p.at, end: p.at + p.n, from: p.off, volume: v.Name, region: region, fs: v.FS, spans: p.cut(w.spans),
				})
			}
		}
	}
	all.outside(m, disk)
	return all, nil
}

// outside adds what is in no volume: tables, and what lies between partitions.
func (m *Map) outside(machine *engine.Machine, disk int) {
	whole := &machine.Volumes[disk]
	slices.SortStableFunc(m.parts, func(a, b part) int { return cmp.Compare(a.off, b.off) })
	var all []part
	at := int64(0)
	for _, p := range append(m.parts, part{off: whole.Size, end: whole.Size}) {
		if p.off > at {
			gap := part{off: at, end: p.off, volume: whole.Name, region: Outside}
			gap.spans = tables(whole, gap)
			all = append(all, gap)
		}
		if p.off = max(p.off, at); p.end > p.off { // what lies over another volume is that one's
			all = append(all, p)
			at = p.end
		}
	}
	m.parts = all
}

// tables are the stretches of a gap that hold the partition table of the whole disk.
func tables(disk *engine.Volume, gap part) []span {
	var all []span
	add := func(off, end int64) {
		if off, end = max(off, gap.off), min(end, gap.end); off < end {
			all = append(all, span{off, end, -1, Table})
		}
	}
	switch disk.Content {
	case "gpt":
		add(0, gptBytes)
		add(disk.Size-gptBytes+mbrBytes, disk.Size)
	case "mbr":
		add(0, mbrBytes)
	}
	return all
}

// Each calls each for the places of a stretch of the disk, in order, until it returns false.
func (m *Map) Each(off, n int64, each func(Place) bool) {
	end := off + n
	i, _ := slices.BinarySearchFunc(m.parts, off, func(p part, off int64) int { return cmp.Compare(p.end, off+1) })
	for ; i < len(m.parts) && m.parts[i].off < end; i++ {
		p := &m.parts[i]
		if !p.each(max(off, p.off), min(end, p.end), m.place(p, each)) {
			return
		}
		off = p.end
	}
	if off < end {
		each(Place{Offset: off, Length: end - off, Volume: "disk", Region: Outside, File: -1})
	}
}

func (m *Map) place(p *part, each func(Place) bool) func(span) bool {
	return func(s span) bool {
		at := Place{Offset: s.off, Length: s.end - s.off, Volume: p.volume, Region: s.region, File: int(s.file)}
		if s.file >= 0 {
			at.Path = m.Files[s.file].Path
		}
		return each(at)
	}
}

// each calls each for the spans from off to end and for what is between them.
func (p *part) each(off, end int64, each func(span) bool) bool {
	i, _ := slices.BinarySearchFunc(p.spans, off, func(s span, off int64) int { return cmp.Compare(s.end, off+1) })
	for ; off < end; i++ {
		next := span{off, end, -1, p.region}
		if i < len(p.spans) {
			if s := p.spans[i]; s.off <= off {
				next = span{off, min(s.end, end), s.file, s.region}
			} else {
				next.end = min(s.off, end)
				i--
			}
		}
		if !each(next) {
			return false
		}
		off = next.end
	}
	return true
}

// Named returns which of Files has a node of a volume, the first where there are several, or -1.
func (m *Map) Named(volume string, node filesys.Node) int {
	if m.names == nil {
		m.names = make(map[name]int, len(m.Files))
		for i := range m.Files {
			at := name{m.Files[i].Volume, m.Files[i].Node}
			if _, ok := m.names[at]; !ok {
				m.names[at] = i
			}
		}
	}
	if i, ok := m.names[name{volume, node}]; ok && node != 0 {
		return i
	}
	return -1
}

func (m *Map) problem(path, cause string) { m.Problems = append(m.Problems, Missed{path, cause}) }
