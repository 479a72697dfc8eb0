package owners

import (
	"context"
	"errors"
	"io/fs"
	"strings"

	"github.com/guestctl/guestctl/engine/rpmdb"
)

// rpm reads the headers of the database in use. Files that were left out or taken over are not owned.
func rpm(ctx context.Context, x *Index) (bool, error) {
	paths, errs := rpmdb.Find(x.guest)
	for _, err := range errs {
		x.Problem("", err)
	}
	if len(paths) == 0 {
		return false, nil
	}
	var failed error
	problems, err := rpmdb.Read(ctx, x.guest, paths[0], func(h *rpmdb.Header) error {
		files, err := h.Files()
		if err != nil {
			x.Problem(paths[0], err)
			return nil
		}
		for _, f := range files {
			if !f.Installed {
				continue
			}
			if failed = x.add(f.Path, h.Name); failed != nil {
				return failed
			}
		}
		return nil
	})
	for _, err := range problems {
		x.Problem(paths[0], err)
	}
	if failed != nil {
		return true, failed
	}
	if err != nil {
		x.Problem(paths[0], err)
	}
	return true, nil
}

// apk reads the lines P: (package), F: (directory) and R: (file in it) of the installed database.
func apk(ctx context.Context, x *Index) (bool, error) {
	for _, db := range []string{"/lib/apk/db/installed", "/usr/lib/apk/db/installed"} {
		pkg, dir := "", ""
		err := x.Lines(ctx, db, func(_ int, line string) error {
			key, value, ok := strings.Cut(line, ":")
			switch {
			case !ok:
				pkg, dir = "", ""
			case key == "P":
				pkg = value
			case key == "F":
				if dir = value; dir != "" && pkg != "" {
					return x.add(dir, pkg)
				}
			case key == "R" && pkg != "":
				return x.add(dir+"/"+value, pkg)
			}
			return nil
		})
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		return true, err
	}
	return false, nil
}

const pacmanLocal = "/var/lib/pacman/local"

// pacman reads the section %FILES% of local/*/files. The directory's name is the package's with its version and release.
func pacman(ctx context.Context, x *Index) (bool, error) {
	entries, err := x.guest.ReadDir(pacmanLocal)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		x.Problem(pacmanLocal, err)
	}
	for _, e := range entries {
		parts := strings.Split(e.Name, "-")
		if !e.Type.IsDir() || len(parts) < 3 {
			continue
		}
		pkg := strings.Join(parts[:len(parts)-2], "-")
		section := ""
		err := x.Lines(ctx, pacmanLocal+"/"+e.Name+"/files", func(_ int, line string) error {
			switch {
			case line == "":
				section = ""
			case section == "":
				section = line
			case section == "%FILES%":
				return x.add(line, pkg)
			}
			return nil
		})
		if x.full() || ctx.Err() != nil {
			return true, err
		}
		if err != nil {
			x.Problem(pacmanLocal+"/"+e.Name, err)
		}
	}
	return true, nil
}
