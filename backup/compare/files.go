package compare

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/backup/place"
	"github.com/guestctl/guestctl/engine"
	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
	"github.com/guestctl/guestctl/engine/guest"
)

// files compares the files of two machines whose bytes differ.
type files struct {
	*Comparison
	machines [2]*engine.Machine
	maps     [2]*place.Map
	touched  touched
	ignore   func(path string) bool // nil counts all

	pairs   [2]map[string]string // names of volumes that both sides have, to a name for both
	broken  [2]map[string]bool   // keys of directories that could not be read whole
	stirred map[string]bool      // volumes of the backup of which an inode differs in anything, if only in the time of its last access
}

// known is one file of each side; a number is -1 where that side has none.
type known [2]int

func (f *files) compare(ctx context.Context) error {
	f.stirred = map[string]bool{}
	f.pair()
	numbers := [2]map[string]int{}
	for s := range f.maps {
		numbers[s], f.broken[s] = f.keys(Side(s))
		for _, p := range f.maps[s].Problems {
			f.Unknown = append(f.Unknown, place.Missed{Path: p.Path, Cause: fmt.Sprintf("%s: %s", Side(s), p.Cause)})
		}
	}
	var removed, added []string
	for _, key := range slices.Sorted(maps.Keys(numbers[Source])) {
		if err := ctx.Err(); err != nil {
			return err
		}
		if j, ok := numbers[Backup][key]; ok {
			f.both(known{numbers[Source][key], j})
		} else {
			removed = append(removed, key)
		}
	}
	for key := range numbers[Backup] {
		if _, ok := numbers[Source][key]; !ok {
			added = append(added, key)
		}
	}
	slices.Sort(added)
	f.comeAndGone(removed, added, numbers)
	slices.SortFunc(f.Files, func(a, b Change) int { return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.From, b.From)) })
	f.metadata()
	f.ignored()
	return f.explainByPackages(ctx, numbers)
}

// pair finds the file systems that both sides have: those of one UUID, or of one name.
func (f *files) pair() {
	ids := [2]map[string]string{{}, {}}
	for s := range ids {
		for name, uuid := range f.Identities[s].FileSystems {
			ids[s][uuid] = cmp.Or(min(cmp.Or(ids[s][uuid], name), name), name)
		}
		f.pairs[s] = map[string]string{}
	}
	for uuid, name := range ids[Source] {
		if other, ok := ids[Backup][uuid]; ok {
			f.pairs[Source][name], f.pairs[Backup][other] = name, name
		}
	}
	for s, m := range f.machines {
		for i := range m.Volumes {
			v := &m.Volumes[i]
			if v.FS == nil || f.pairs[s][v.Name] != "" {
				continue
			}
			other := named(f.machines[1-s], v.Name)
			if other != nil && other.FS != nil && f.pairs[1-s][v.Name] == "" {
				f.pairs[Source][v.Name], f.pairs[Backup][v.Name] = v.Name, v.Name
				continue
			}
			lost := fmt.Sprintf("%s: %s of the %s, which the %s does not have", v.Name, v.Content, Side(s), Side(1-s))
			if other != nil && other.Err != nil {
				lost = fmt.Sprintf("%s: %s of the %s, which cannot be read in the %s: %v", v.Name, v.Content, Side(s), Side(1-s), other.Err)
			}
			f.Lost = append(f.Lost, lost)
		}
	}
}

func named(m *engine.Machine, name string) *engine.Volume {
	for i := range m.Volumes {
		if m.Volumes[i].Name == name {
			return &m.Volumes[i]
		}
	}
	return nil
}

// keys are the files of a side by a name that both sides have for them.
func (f *files) keys(s Side) (numbers map[string]int, broken map[string]bool) {
	numbers, broken = map[string]int{}, map[string]bool{}
	for i := range f.maps[s].Files {
		file := &f.maps[s].Files[i]
		volume, ok := f.pairs[s][file.Volume]
		if !ok {
			continue
		}
		key := volume + "\x00" + file.Object.Path
		if _, ok := numbers[key]; !ok {
			numbers[key] = i
		}
		if file.Err != nil {
			broken[key] = true
		}
	}
	return numbers, broken
}

func (f *files) file(s Side, i int) *place.File { return &f.maps[s].Files[i] }

// both compares a file that both sides have.
func (f *files) both(k known) {
	a, b := f.file(Source, k[Source]), f.file(Backup, k[Backup])
	if !sameInode(&a.Stat, &b.Stat) {
		f.stirred[b.Volume] = true
	}
	c := f.change(Changed, k)
	switch {
	case a.Err != nil:
		return // among what is unknown
	case b.Err != nil:
		c.What, c.Class, c.Reason = []string{"unreadable"}, Corruption, "the backup has it unreadable: "+b.Err.Error()
		f.Files = append(f.Files, c)
		return
	}
	c.What = inodes(&a.Stat, &b.Stat)
	if what, err := f.inside(k); err != nil {
		c.Reason = err.Error()
		if side, ok := sideOf(err); ok && side == Backup {
			c.What, c.Class = append(c.What, "unreadable"), Corruption
		} else {
			f.Unknown = append(f.Unknown, place.Missed{Path: b.Path, Cause: err.Error()})
		}
	} else if what != "" {
		c.What = append([]string{what}, c.What...)
	}
	if len(c.What) == 0 {
		f.Same++
		return
	}
	if c.Class == "" {
		f.classify(&c, a, b)
	}
	f.Files = append(f.Files, c)
}

// classify tells corruption from an edit: what changes a file changes the time of modification, or the size.
func (f *files) classify(c *Change, a, b *place.File) {
	silent := a.IsRegular() && b.IsRegular() && slices.Contains(c.What, "content") && a.Size == b.Size && a.Modify.Equal(b.Modify)
	c.Class = cmp.Or(volatile(c.Path), Edit)
	if silent && c.Class != JournalLog {
		c.Class, c.Reason = Corruption, "neither its size nor its times changed"
		if !a.Change.Equal(b.Change) {
			c.Reason = "neither its size nor its time of modification changed, but its inode was written at another time"
		}
	}
}

func (f *files) change(kind Kind, k known) Change {
	c := Change{Kind: kind, What: []string{}}
	for s := range k {
		if k[s] < 0 {
			continue
		}
		file := f.file(Side(s), k[s])
		c.Path, c.Sizes[s], c.Modified[s] = file.Path, file.Size, file.Modify.UTC()
	}
	if k[Backup] >= 0 {
		c.Bytes = f.touched[Backup][k[Backup]]
	} else {
		c.Bytes = f.touched[Source][k[Source]]
	}
	return c
}

// inodes says in what two inodes differ that are meant to be the same file. Sizes and times of directories change with their entries.
func inodes(a, b *filesys.Stat) []string {
	what := []string{}
	for _, d := range []struct {
		differs bool
		word    string
	}{
		{a.Mode&filesys.ModeType != b.Mode&filesys.ModeType, "type"},
		{!a.IsDir() && a.Size != b.Size, "size"},
		{!a.IsDir() && !a.Modify.Equal(b.Modify), "modified"},
		{a.Mode&^filesys.ModeType != b.Mode&^filesys.ModeType, "mode"},
		{a.UID != b.UID || a.GID != b.GID, "owner"},
		{a.Major != b.Major || a.Minor != b.Minor, "device"},
		{!slices.Equal(a.Flags, b.Flags), "flags"},
	} {
		if d.differs {
			what = append(what, d.word)
		}
	}
	return what
}

func sameInode(a, b *filesys.Stat) bool {
	return len(inodes(a, b)) == 0 && a.Node == b.Node && a.Size == b.Size && a.Links == b.Links && a.Allocated == b.Allocated &&
		a.Generation == b.Generation && a.Access.Equal(b.Access) && a.Modify.Equal(b.Modify) && a.Change.Equal(b.Change)
}

// sideError is an error about one of the sides.
type sideError struct {
	side Side
	err  error
}

func (e *sideError) Error() string { return fmt.Sprintf("%s: %v", e.side, e.err) }
func (e *sideError) Unwrap() error { return e.err }

func sideOf(err error) (Side, bool) {
	var e *sideError
	if errors.As(err, &e) {
		return e.side, true
	}
	return 0, false
}

// inside compares what is in two files: the content, the target of a link, the extended attributes.
func (f *files) inside(k known) (what string, err error) {
	a, b := f.file(Source, k[Source]), f.file(Backup, k[Backup])
	switch {
	case a.Mode&filesys.ModeType != b.Mode&filesys.ModeType:
		return "", nil
	case a.IsRegular():
		same, err := f.content(k)
		if !same || err != nil {
			return "content", err
		}
	case a.IsSymlink():
		targets, err := each(a, b, guest.Object.ReadLink)
		if err != nil || targets[0] != targets[1] {
			return "target", err
		}
	}
	attrs, err := each(a, b, guest.Object.Xattrs)
	if err != nil || !maps.EqualFunc(attrs[0], attrs[1], bytes.Equal) {
		return "attributes", err
	}
	return "", nil
}

// each asks both sides the same.
func each[T any](a, b *place.File, ask func(guest.Object) (T, error)) (got [2]T, err error) {
	for s, file := range []*place.File{a, b} {
		v, err := ask(file.Object)
		if _, tainted := guest.TaintOf(err); err != nil && !tainted {
			return got, &sideError{Side(s), err}
		}
		got[s] = v
	}
	return got, nil
}

// content compares the contents of two regular files, and reads only those of which blocks differ, or of which it is not known where
// they lie.
func (f *files) content(k known) (same bool, err error) {
	a, b := f.file(Source, k[Source]), f.file(Backup, k[Backup])
	if a.Size != b.Size {
		return false, nil
	}
	_, touchedA := f.touched[Source][k[Source]]
	_, touchedB := f.touched[Backup][k[Backup]]
	if a.Layout == b.Layout && a.Layout != [16]byte{} && !touchedA && !touchedB && len(f.Unread) == 0 {
		return true, nil
	}
	opened, err := each(a, b, guest.Object.Open)
	if err != nil {
		return false, err
	}
	return equal(opened[0], opened[1])
}

// equal compares two open files of the same size.
func equal(a, b filesys.File) (bool, error) {
	bufs := [2][]byte{make([]byte, piece), make([]byte, piece)}
	for off := int64(0); off < a.Size(); off += piece {
		n := min(piece, a.Size()-off)
		for s, file := range []filesys.File{a, b} {
			if err := binread.Fill(file, bufs[s][:n], off); err != nil {
				return false, &sideError{Side(s), err}
			}
		}
		if !bytes.Equal(bufs[0][:n], bufs[1][:n]) {
			return false, nil
		}
	}
	return true, nil
}

// below reports whether a directory above the key, or what it names, could not be read whole on a side.
func (f *files) below(s Side, key string) bool {
	volume, p, _ := strings.Cut(key, "\x00")
	for p != "/" && p != "." && p != "" {
		p = path.Dir(p)
		if f.broken[s][volume+"\x00"+p] {
			return true
		}
	}
	return false
}
