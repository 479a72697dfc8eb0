package guest

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
)

// trail is the way from the root to a place: the names that were walked, without links, and where each led.
type trail struct {
	root   place
	names  []string
	places []place

	missing string // the name after them that does not exist
}

func (t *trail) path() string { return "/" + strings.Join(t.names, "/") }

func (t *trail) here() place {
	if len(t.places) == 0 {
		return t.root
	}
	return t.places[len(t.places)-1]
}

func (t *trail) push(name string, p place) {
	t.names = append(t.names, name)
	t.places = append(t.places, p)
}

// pop goes up; above the root is the root (path_resolution(7)).
func (t *trail) pop() {
	if n := len(t.names); n > 0 {
		t.names, t.places = t.names[:n-1], t.places[:n-1]
	}
}

func (t *trail) reset() { t.names, t.places = t.names[:0], t.places[:0] }

// resolve walks path inside the guest: link targets that are absolute start again at the guest's root, ".." stops there,
// and mount points lead into what is mounted. With follow unset, a link in last position is the answer itself. The trail
// of an error holds the part that exists.
func (g *Guest) resolve(op, path string, follow bool) (place, *trail, error) {
	start := path
	if g.System == Windows && strings.ContainsAny(path, `\:%`) {
		windows, ok := g.WindowsPath(path)
		if !ok {
			return place{}, &trail{}, &fs.PathError{Op: op, Path: path, Err: fmt.Errorf("%w: not on a drive of the guest", ErrUnread)}
		}
		start = windows
	}
	w := walk{trail: trail{root: place{g.mounts[0], g.mounts[0].root}}, guest: g, rest: strings.Split(start, "/")}
	w.damage = w.root.at.taint
	for len(w.rest) > 0 {
		name := w.rest[0]
		w.rest = w.rest[1:]
		if err := w.step(name, follow || len(w.rest) > 0); err != nil {
			return place{}, &w.trail, wrap(op, path, w.here(), err)
		}
	}
	return w.here(), &w.trail, wrap(op, path, w.here(), w.damage)
}

// walk is a resolve under way.
type walk struct {
	trail
	guest  *Guest
	rest   []string // names still to go
	hops   int      // links passed
	damage error    // the first damage on the way; it makes the answer one not to believe
}

func (w *walk) step(name string, follow bool) error {
	switch name {
	case "", ".":
		return nil
	case "..":
		w.pop()
		return nil
	}
	dir := w.here()
	p, err := w.find(dir, name)
	if err != nil && !damaged(err) || p.at == nil {
		return err
	}
	if p.at.unread != "" {
		return fmt.Errorf("%w: %s", ErrUnread, p.at.unread)
	}
	w.damage = first(w.damage, err, p.at.taint)
	if !follow {
		w.push(name, p)
		return nil
	}
	st, err := p.at.fs.Stat(p.node)
	if err != nil && !damaged(err) {
		return err
	}
	w.damage = first(w.damage, err)
	if st.IsSymlink() {
		return w.link(p)
	}
	if len(w.rest) > 0 && !st.IsDir() {
		return fmt.Errorf("%s is a %s, want a directory: %w", name, filesys.TypeName(st.Mode), fs.ErrNotExist)
	}
	w.push(name, p)
	return nil
}

// find returns what a name in a directory stands for. No place comes with an error that is not one of damage.
func (w *walk) find(dir place, name string) (place, error) {
	if at, ok := w.guest.beside(dir, name); ok {
		return place{at, at.root}, nil
	}
	node, err := w.guest.lookup(dir, name)
	if node == 0 || err != nil && !damaged(err) {
		return place{}, w.notFound(dir, name, err)
	}
	return w.guest.enter(place{dir.at, node}), err
}

// notFound is the error of a name that Lookup gave no node for. No value comes with it, whatever its kind was.
func (w *walk) notFound(dir place, missing string, err error) error {
	if damaged(err) {
		return binread.Corrupt("%s: %v", missing, err)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	w.missing = missing
	if why, ok := w.guest.nowhere[name{dir, missing}]; ok {
		return fmt.Errorf("%w: %s", ErrUnread, why)
	}
	if w.guest.inDoubt(missing) {
		return fmt.Errorf("%w: which volume is called %s is not known", ErrUnread, missing)
	}
	if w.guest.doubt != nil {
		return w.guest.doubt
	}
	if w.damage != nil {
		return binread.Corrupt("%s is not there, and that is not to be believed: %v", missing, w.damage)
	}
	return fs.ErrNotExist
}

// link goes on with the target of the link at p.
func (w *walk) link(p place) error {
	if w.hops++; w.hops > maxHops {
		return binread.Limit("more than %d links on the way", maxHops)
	}
	target, err := p.at.fs.ReadLink(p.node)
	if err != nil && !damaged(err) {
		return err
	}
	w.damage = first(w.damage, err)
	if target == "" {
		return binread.Corrupt("link without a target")
	}
	if target, err = w.linkTarget(target); err != nil {
		return err
	}
	if target == "" || target[0] == '/' {
		w.reset()
	}
	w.rest = append(strings.Split(target, "/"), w.rest...)
	return nil
}

// enter returns what is mounted over p, or p.
func (g *Guest) enter(p place) place {
	for {
		m, ok := g.over[p]
		if !ok {
			return p
		}
		p = place{m, m.root}
	}
}
