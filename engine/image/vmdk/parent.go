package vmdk

import (
	"fmt"
	"strconv"

	"github.com/guestctl/guestctl/engine/image"
)

// openParent opens the disk that this one is a snapshot of. One that was written to since is read, and that is a problem.
func (m *Image) openParent(open image.Sibling) (err error) {
	if !m.desc.hasParent() {
		if m.desc.parent != "" {
			m.problems = append(m.problems, problem{image.Doubtful, fmt.Sprintf("the descriptor names a parent, %q, and says that there is none (parentCID)", decodeName(m.desc.parent, m.desc.encoding)), image.Nowhere})
		}
		return nil
	}
	m.Parent, m.ParentName, err = image.OpenParent(open, name, parentNames(m.desc.parent, m.desc.encoding), func(image.Image) error { return nil })
	if err != nil {
		return err
	}
	id, _ := image.IdentityOf(m.Parent)
	if want := contentID(m.desc.parentCID, true); id.Change != want {
		m.problems = append(m.problems, problem{image.Damaged, fmt.Sprintf("the parent %q has the content id %s, and this disk was made upon %s: the parent was written to since, or is another disk, "+
			"and what is read through this one is not what the guest had", m.ParentName, id.Change, want), image.Nowhere})
	}
	return nil
}

// Identity implements image.Identified: the content id is another one after each time that the disk was written to.
func (m *Image) Identity() image.Identity {
	id := contentID(m.desc.cid, m.desc.hasCID)
	return image.Identity{ID: id, Change: id}
}

func contentID(cid uint32, known bool) string {
	if !known {
		return "none"
	}
	return fmt.Sprintf("%08x", cid)
}

// Description implements image.Image. Used is the size of the files of sparse extents, what nothing refers to included; of a flat one it is
// not known.
func (m *Image) Description() image.Description {
	d := image.Description{Format: name, Version: m.desc.createType}
	for _, seg := range m.segments {
		switch {
		case seg.flat != nil:
			d.Used = -1
		case seg.sparse != nil && d.Used >= 0:
			d.Used += seg.fileSize
		}
		if s := seg.sparse; s != nil {
			d.ClusterSize = max(d.ClusterSize, s.grain)
			if s.packed {
				d.Compression = "zlib"
			}
		}
	}
	for _, p := range m.problems {
		d.Problems = append(d.Problems, p.text)
	}
	for _, seg := range m.segments {
		d.Problems = append(d.Problems, seg.problems()...)
	}
	return m.Above(d)
}

// problems are what is wrong with an extent without making it unreadable.
func (seg *segment) problems() []string {
	if seg.sparse == nil {
		return nil
	}
	of := ""
	if seg.name != "" {
		of = fmt.Sprintf("extent %q: ", seg.name)
	}
	var all []string
	for _, p := range seg.sparse.problems {
		all = append(all, of+p.text)
	}
	missing := 0
	for _, at := range seg.sparse.directory {
		if at < 0 {
			missing++
		}
	}
	if missing > 0 {
		all = append(all, of+strconv.Itoa(missing)+" of "+strconv.Itoa(len(seg.sparse.directory))+" grain tables do not lie in the file: that part of the disk cannot be read")
	}
	if seg.sparse.fromCopy.Load() {
		all = append(all, of+"grain tables are damaged, and their redundant copies are used")
	}
	return all
}
