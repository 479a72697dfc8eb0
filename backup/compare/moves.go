package compare

import (
	"strings"

	"github.com/guestctl/guestctl/engine/filesys"
)

// comeAndGone tells what only one side has. What has the same inode under another name was moved.
func (f *files) comeAndGone(removed, added []string, numbers [2]map[string]int) {
	gone := map[object]int{}
	for _, key := range removed {
		i := numbers[Source][key]
		if file := f.file(Source, i); file.Links <= 1 || file.IsDir() {
			gone[objectOf(f.pairs[Source][file.Volume], &file.Stat)] = i
		}
	}
	moved := map[int]bool{}
	dirs := map[string]string{} // that were moved, from where, by where to
	for _, key := range added {
		j := numbers[Backup][key]
		file := f.file(Backup, j)
		f.stirred[file.Volume] = true
		i, ok := gone[objectOf(f.pairs[Backup][file.Volume], &file.Stat)]
		if ok = ok && !moved[i]; ok {
			moved[i] = true
			f.moved(known{i, j}, dirs)
			continue
		}
		if !f.below(Source, key) {
			f.oneSided(Added, known{-1, j})
		}
	}
	for _, key := range removed {
		i := numbers[Source][key]
		if !moved[i] && !f.below(Backup, key) {
			f.oneSided(Removed, known{i, -1})
		}
	}
}

// object is what stays of a file that is moved.
type object struct {
	volume     string
	node       filesys.Node
	generation uint32
	kind       uint32
	born       int64
}

func objectOf(volume string, st *filesys.Stat) object {
	o := object{volume: volume, node: st.Node, generation: st.Generation, kind: st.Mode & filesys.ModeType}
	if !st.Birth.IsZero() {
		o.born = st.Birth.UnixNano()
	}
	return o
}

// moved tells a file that has another name. What is in a directory that was moved is not told one by one, unless it changed, too.
func (f *files) moved(k known, dirs map[string]string) {
	a, b := f.file(Source, k[Source]), f.file(Backup, k[Backup])
	c := f.change(Moved, k)
	c.From, c.Class = a.Path, Edit
	c.What = inodes(&a.Stat, &b.Stat)
	what, err := f.inside(k)
	if err != nil {
		c.Reason = err.Error()
		c.What = append(c.What, "unreadable")
	} else if what != "" {
		c.What = append([]string{what}, c.What...)
	}
	if a.IsDir() {
		dirs[b.Path] = a.Path
	}
	if len(c.What) == 0 && within(dirs, a.Path, b.Path) {
		return
	}
	if from, to := volatile(a.Path), volatile(b.Path); from == to && from != "" {
		c.Class = from
	}
	f.Files = append(f.Files, c)
}

// within reports whether a file only went where its directory went.
func within(dirs map[string]string, from, to string) bool {
	at := strings.LastIndexByte(to, '/')
	was := strings.LastIndexByte(from, '/')
	if at <= 0 || was <= 0 || to[at:] != from[was:] {
		return false
	}
	parent := to[:at]
	source, ok := dirs[parent]
	return ok && source == from[:was] || within(dirs, from[:was], parent)
}

func (f *files) oneSided(kind Kind, k known) {
	c := f.change(kind, k)
	c.Class = volatile(c.Path)
	if c.Class == "" {
		c.Class = Edit
	}
	f.Files = append(f.Files, c)
}
