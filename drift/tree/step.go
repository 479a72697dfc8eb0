package tree

import (
	"context"
	"fmt"
	"io/fs"
	"iter"
	"path"
	"strings"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/engine/filesys"
	"github.com/guestctl/guestctl/engine/guest"
)

// visited is one step of a walk.
type visited struct {
	object guest.Object
	err    error
}

// objects are those of a guest in the order of their paths. failed is set when the walk ends before its end.
func objects(ctx context.Context, g *guest.Guest, failed *error) iter.Seq[visited] {
	return func(yield func(visited) bool) {
		*failed = g.Walk(ctx, "/", func(o guest.Object, err error) error {
			if !yield(visited{o, err}) {
				return fs.SkipAll
			}
			return nil
		})
	}
}

// walk compares the trees in step: both come in the order of their paths.
func (c *comparison) walk(ctx context.Context) error {
	var failed [2]error
	nextBefore, stopBefore := iter.Pull(objects(ctx, c.Before.Guest, &failed[0]))
	defer stopBefore()
	nextAfter, stopAfter := iter.Pull(objects(ctx, c.After.Guest, &failed[1]))
	defer stopAfter()
	a, okA := c.next(nextBefore, 0)
	b, okB := c.next(nextAfter, 1)
	for okA || okB {
		var order int
		switch {
		case !okA:
			order = 1
		case !okB:
			order = -1
		default:
			order = comparePaths(a.Path, b.Path)
		}
		c.result.Objects++
		switch {
		case order < 0:
			c.only(a, Removed)
		case order > 0:
			c.only(b, Added)
		default:
			c.both(a, b)
		}
		if order <= 0 {
			a, okA = c.next(nextBefore, 0)
		}
		if order >= 0 {
			b, okB = c.next(nextAfter, 1)
		}
	}
	for _, err := range failed {
		if err != nil {
			return err
		}
	}
	return nil
}

// next returns the next object that could be read. What could not is kept, with all that may be below it.
func (c *comparison) next(pull func() (visited, bool), side int) (guest.Object, bool) {
	for {
		v, ok := pull()
		if !ok {
			return guest.Object{}, false
		}
		if v.err == nil {
			return v.object, true
		}
		c.unread[side][v.object.Path] = true
		c.problem(v.object.Path, v.err)
	}
}

// comparePaths is the order of a walk: names by their bytes, and a directory before what follows it by name.
func comparePaths(a, b string) int {
	n := min(len(a), len(b))
	for i := range n {
		x, y := a[i], b[i]
		switch {
		case x == y:
		case x == '/':
			return -1
		case y == '/':
			return 1
		default:
			return int(x) - int(y)
		}
	}
	return len(a) - len(b)
}

// only tells an object that is on one side. Where the other side could not be read, it may be there, too.
func (c *comparison) only(o guest.Object, kind Kind) {
	other := 0
	if kind == Removed {
		other = 1
	}
	for dir := o.Path; ; dir = path.Dir(dir) {
		if c.unread[other][dir] {
			return
		}
		if dir == "/" || dir == "." {
			break
		}
	}
	change := Change{Path: o.Path, Kind: kind}
	if kind == Added {
		change.After = &o
	} else {
		change.Before = &o
	}
	c.result.Changes = append(c.result.Changes, change)
}

// both compares an object that is on both sides, but for its content.
func (c *comparison) both(a, b guest.Object) {
	what, err := c.differs(a, b)
	if err != nil {
		c.problem(a.Path, err)
		return
	}
	regular := a.IsRegular() && b.IsRegular()
	if regular && a.Size != b.Size {
		what = append([]string{fmt.Sprintf("content: %d bytes, was %d", b.Size, a.Size)}, what...)
	}
	if len(what) > 0 {
		c.result.Changes = append(c.result.Changes, Change{Path: a.Path, Kind: Changed, What: what, Before: &a, After: &b})
	}
	if regular && a.Size == b.Size && a.Size > 0 && !c.known(a, b) {
		change := -1
		if len(what) > 0 {
			change = len(c.result.Changes) - 1
		}
		c.pairs = append(c.pairs, pair{before: a, after: b, change: change})
	}
}

// differs tells in which way two objects of one path differ, but for the content of files.
func (c *comparison) differs(a, b guest.Object) (what []string, err error) {
	if a.Mode&filesys.ModeType != b.Mode&filesys.ModeType {
		return []string{filesys.TypeName(b.Mode) + ", was a " + filesys.TypeName(a.Mode)}, nil
	}
	if a.IsSymlink() {
		before, errBefore := a.ReadLink()
		after, errAfter := b.ReadLink()
		if err := firstOf(errBefore, errAfter); err != nil {
			return nil, err
		}
		if before != after {
			what = append(what, "leads to "+after+", to "+before+" before")
		}
	} else if a.Mode != b.Mode {
		what = append(what, "mode "+facts.ModeText(b.Mode)+", was "+facts.ModeText(a.Mode))
	}
	if a.UID != b.UID || a.GID != b.GID {
		what = append(what, fmt.Sprintf("owner %d:%d, was %d:%d", b.UID, b.GID, a.UID, a.GID))
	}
	if a.IsDevice() && (a.Major != b.Major || a.Minor != b.Minor) {
		what = append(what, fmt.Sprintf("device %d:%d, was %d:%d", b.Major, b.Minor, a.Major, a.Minor))
	}
	if x, y := strings.Join(a.Flags, " "), strings.Join(b.Flags, " "); x != y {
		what = append(what, fmt.Sprintf("flags %q, were %q", y, x))
	}
	return c.attributes(what, a, b)
}

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
