package facts

import (
	"context"
	"errors"
	"io/fs"
	"strings"

	"github.com/guestctl/guestctl/engine/guest"
)

// Walk calls visit for everything below the directory that root leads to, by the path it has below root, in the order of a
// walk. No link on the way is followed. What cannot be read is recorded as a problem, and the walk is not whole then. The
// error is that of root itself, of the context or of visit, save for fs.SkipDir and fs.SkipAll.
func (s *Scope) Walk(ctx context.Context, root string, visit func(path string, o guest.Object) error) (whole bool, err error) {
	top, err := s.Stat(root)
	if err != nil {
		return false, err
	}
	if !top.IsDir() {
		return false, &fs.PathError{Op: "walk", Path: root, Err: errors.New("is no directory")}
	}
	whole = true
	err = s.Guest.Walk(ctx, top.Path, func(o guest.Object, err error) error {
		path := root
		if o.Path != top.Path {
			path = strings.TrimSuffix(root, "/") + "/" + strings.TrimPrefix(strings.TrimPrefix(o.Path, top.Path), "/")
		}
		if err != nil {
			whole = false
			s.Problem(path, 0, err)
			var pathErr *fs.PathError
			if o.Mode == 0 || errors.As(err, &pathErr) && pathErr.Op == "readdir" {
				return nil // a directory comes a second time when its entries cannot be read
			}
		}
		if o.Path == top.Path {
			return nil
		}
		return visit(path, o)
	})
	return whole && err == nil, err
}
