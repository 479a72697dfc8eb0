package overlay

import (
	"errors"
	"io/fs"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
)

// stack is what the layers have of a directory, the upper first.
type stack struct {
	dirs   []spot
	damage error // of kind binread.ErrChecksum: there may be others
}

// stackOf finds what the layers have of a directory.
func (f *FS) stackOf(n filesys.Node) (*stack, error) {
	o, err := f.object(n)
	switch {
	case err != nil:
		return nil, err
	case o.stack != nil:
		return o.stack, nil
	}
	parent, err := f.stackOf(o.name.dir)
	if err != nil {
		return nil, err
	}
	found, err := f.follow(parent, o.name.name)
	switch {
	case err != nil:
		return nil, err
	case len(found.all) == 0 || found.all[0] != o.top || !found.dir:
		return nil, binread.Corrupt("%q is listed as a directory and is none", o.name.name)
	}
	s := &stack{found.all, first(o.damage, found.damage)}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.objects[n-1].stack = s
	return s, nil
}

// content finds what holds the content of a file: itself, or below a file with metadata alone the next that has some.
func (f *FS) content(o *object) (at spot, damage error, err error) {
	attrs, err := f.attributes(o.top)
	if err != nil && !damaged(err) {
		return spot{}, nil, err
	}
	damage = first(o.damage, err)
	if meta, err := attrs.metacopy(); err != nil || !meta {
		return o.top, damage, err
	}
	parent, err := f.stackOf(o.name.dir)
	if err != nil {
		return spot{}, nil, err
	}
	found, err := f.follow(parent, o.name.name)
	switch {
	case err != nil:
		return spot{}, nil, err
	case len(found.all) == 0 || found.all[0] != o.top:
		return spot{}, nil, binread.Corrupt("%q is not found a second time", o.name.name)
	case found.metacopy:
		return spot{}, nil, binread.Corrupt("metadata alone, and no layer below has the content")
	}
	return found.all[len(found.all)-1], first(damage, found.damage), nil
}

// search is the search for a name through the layers, as ovl_lookup does it.
type search struct {
	fs       *FS
	path     string // a name, or after an absolute redirect a path from the root
	all      []spot // what was found, the upper first
	dir      bool   // what was found is a directory
	metacopy bool   // what was found last has its content in a layer below
	stop     bool   // no layer below matters
	last     bool   // there is no layer below
	damage   error  // of kind binread.ErrChecksum
}

// follow looks for a name in the directories of a stack, and where a redirect says so in others.
func (f *FS) follow(parent *stack, name string) (*search, error) {
	s := &search{fs: f, path: name, damage: parent.damage}
	from, fromRoot := parent.dirs, false
	for i := 0; i < len(from) && !s.stop; i++ {
		base := from[i]
		s.last = base.layer == len(f.layers)-1
		node, err := s.inLayer(base)
		if err != nil {
			return nil, err
		}
		if node == 0 {
			continue
		}
		s.all = append(s.all, spot{base.layer, node})
		if !fromRoot && strings.HasPrefix(s.path, "/") {
			fromRoot = true
			from, i = f.objects[0].stack.dirs[base.layer+1:], -1
		}
	}
	return s, nil
}

// inLayer looks for the path in one layer, below base.
func (s *search) inLayer(base spot) (filesys.Node, error) {
	if !strings.HasPrefix(s.path, "/") {
		return s.step(base, s.path, "", "")
	}
	// a redirect on the way changes the path for the layers below, and not the rest of it in this one
	for before, rest := "/", s.path[1:]; ; {
		name, after, more := strings.Cut(rest, "/")
		post := rest[len(name):]
		node, err := s.step(base, name, before, post)
		if err != nil || node == 0 || !more {
			return node, err
		}
		base.node = node
		before, rest = s.path[:len(s.path)-len(post)]+"/", after
	}
}

// step looks for one name in a directory of a layer: ovl_lookup_single. Before and after are what the path has around it.
func (s *search) step(base spot, name, before, after string) (filesys.Node, error) {
	r, st, err := s.find(base, name)
	if err != nil || r.node == 0 {
		return 0, err
	}
	attrs, err := s.fs.attributes(r)
	if err = s.bear(err); err != nil {
		return 0, err
	}
	target := after == ""
	switch {
	case attrs.whiteout(&st), target && s.metacopy && !st.IsRegular(), !st.IsDir() && (s.dir || !target):
		s.stop = true
		return 0, nil
	case !st.IsDir():
		s.metacopy = false
		if st.IsRegular() {
			if s.metacopy, err = attrs.metacopy(); err != nil {
				return 0, err
			}
		}
		if s.stop = !s.metacopy; s.stop {
			return r.node, nil
		}
	case attrs.opaque():
		s.dir, s.stop = s.dir || target, true
		return r.node, nil
	default:
		s.dir = s.dir || target
	}
	if s.last {
		return r.node, nil
	}
	return r.node, s.redirect(attrs, before, after)
}

// redirect changes the path as an attribute says.
func (s *search) redirect(attrs attributes, before, after string) error {
	to, err := attrs.redirect()
	switch {
	case err != nil:
		return err
	case to == "":
		return nil
	case to[0] == '/':
		s.stop = false
		s.path = to + after
	default:
		s.path = before + to + after
	}
	if len(s.path) > maxPath {
		return binread.Limit("a redirected path of %d bytes, want at most %d", len(s.path), maxPath)
	}
	return nil
}

// find finds a name in a directory of a layer. A node of 0 is that there is none.
func (s *search) find(base spot, name string) (spot, filesys.Stat, error) {
	in := s.fs.layers[base.layer].FS
	node, err := in.Lookup(base.node, name)
	switch {
	case node == 0 && errors.Is(err, fs.ErrNotExist):
		return spot{}, filesys.Stat{}, nil
	case node == 0 && err != nil:
		return spot{}, filesys.Stat{}, s.fs.in(base.layer, certain(err))
	}
	if err = s.bear(err); err != nil {
		return spot{}, filesys.Stat{}, err
	}
	st, err := in.Stat(node)
	if err = s.bear(err); err != nil {
		return spot{}, filesys.Stat{}, s.fs.in(base.layer, err)
	}
	return spot{base.layer, node}, st, nil
}

// bear remembers an error that comes with a value, and returns any other.
func (s *search) bear(err error) error {
	if damaged(err) {
		s.damage = first(s.damage, err)
		return nil
	}
	return err
}

// certain makes damage of an error that no value came with.
func certain(err error) error {
	if damaged(err) {
		return binread.Corrupt("%v", err)
	}
	return err
}
