package image

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
)

// OpenParent opens the image that a differencing one is the difference to. Of the names that it has for it, the first whose file
// exists and passes check is taken; its name is returned with it. format is the parent's.
func OpenParent(open Sibling, format string, names []string, check func(Image) error) (parent Image, name string, err error) {
	if len(names) == 0 {
		return nil, "", binread.Corrupt("differencing image that names no parent")
	}
	if open == nil {
		return nil, "", fmt.Errorf("parent %q: %w", names[0], binread.Refused("no directory is allowed for files that the image names"))
	}
	for _, name := range names {
		parent, failed := open(name, format)
		if failed == nil {
			if failed = check(parent); failed == nil {
				return parent, name, nil
			}
			failed = errors.Join(failed, parent.Close())
		}
		failed = fmt.Errorf("parent %q: %w", name, failed)
		// That a file is another one says more than that there is none.
		if err == nil || errors.Is(err, fs.ErrNotExist) && !errors.Is(failed, fs.ErrNotExist) {
			err = failed
		}
	}
	return nil, "", err
}

// WindowsNames returns the names by which to look for a file that Windows calls path: the path itself where it is relative, and the
// last part of it.
func WindowsNames(path string) []string {
	path = strings.ReplaceAll(strings.TrimRight(path, "\x00"), `\`, "/")
	var names []string
	if path != "" && path[0] != '/' && !strings.Contains(path, ":") {
		names = append(names, path)
	}
	base := path[strings.LastIndexAny(path, "/:")+1:]
	if base != "" && (len(names) == 0 || names[0] != base) {
		names = append(names, base)
	}
	return names
}
