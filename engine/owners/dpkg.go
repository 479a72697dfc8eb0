package owners

import (
	"context"
	"errors"
	"io/fs"
	"strings"
)

const (
	dpkgInfo   = "/var/lib/dpkg/info"
	diversions = "/var/lib/dpkg/diversions"
	dpkgParts  = "/var/lib/dpkg/status.d"
)

// diversion moves the file of every package but one.
type diversion struct{ to, by string }

// dpkg reads info/*.list, and the lists of digests that distroless images have in their place.
func dpkg(ctx context.Context, x *Index) (bool, error) {
	diverted, err := readDiversions(ctx, x)
	if err != nil {
		x.problem(diversions, err)
	}
	found := false
	for _, dir := range []struct {
		path, suffix string
		file         func(line string) string
	}{{dpkgInfo, ".list", listed}, {dpkgParts, ".md5sums", digested}} {
		entries, err := x.g.ReadDir(dir.path)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			x.problem(dir.path, err)
		}
		for _, e := range entries {
			pkg, ok := strings.CutSuffix(e.Name, dir.suffix)
			if !ok {
				continue
			}
			found = true
			pkg, _, _ = strings.Cut(pkg, ":") // Multi-Arch: same
			err := x.lines(ctx, dir.path+"/"+e.Name, func(line string) error {
				file := dir.file(line)
				if file == "" {
					return nil
				}
				if d, ok := diverted[file]; ok && d.by != pkg {
					file = d.to
				}
				return x.add(file, pkg)
			})
			if err != nil && ctx.Err() == nil {
				x.problem(dir.path+"/"+e.Name, err)
			}
			if x.files > maxFiles {
				return found, err
			}
		}
	}
	return found, nil
}

// listed is a line of a list: a path, or /. for the root.
func listed(line string) string {
	if line == "/." || !strings.HasPrefix(line, "/") {
		return ""
	}
	return line
}

// digested is a line "digest  path", where the path has no slash before it.
func digested(line string) string {
	if _, file, ok := strings.Cut(line, "  "); ok && file != "" {
		return "/" + file
	}
	return ""
}

// readDiversions reads groups of three lines: from where, to where, and the package that is not diverted, or ":" when that
// is none.
func readDiversions(ctx context.Context, x *Index) (map[string]diversion, error) {
	all := map[string]diversion{}
	var three []string
	err := x.lines(ctx, diversions, func(line string) error {
		if three = append(three, line); len(three) == 3 && len(all) < maxFiles {
			all[three[0]] = diversion{three[1], three[2]}
			three = three[:0]
		}
		return nil
	})
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return all, err
}
