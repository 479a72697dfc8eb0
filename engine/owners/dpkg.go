package owners

import (
	"context"
	"errors"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/guest"
)

const (
	dpkgInfo   = "/var/lib/dpkg/info"
	diversions = "/var/lib/dpkg/diversions"
	dpkgParts  = "/var/lib/dpkg/status.d"
)

// DpkgList is the list of files of one package.
type DpkgList struct {
	Package string
	Arch    string // of a package that is installed for several architectures; "" for others
	Path    string // of the list in the guest
	Digests string // path of the list of digests, which is Path in distroless images
	// List and Sums are the objects at Path and Digests, or zero where there is none.
	List, Sums guest.Object
	// Files are as the list names them, but for diversions.
	Files []ListedFile
}

// ListedFile is a line of a list.
type ListedFile struct {
	Path   string // as it is in the guest, after diversions and before links
	Listed string // as it is in the list
	Line   int
}

// Dpkg reads info/*.list, and the lists of digests that distroless images have in their place, and calls one for each package. It
// reports whether there was a list. The error is that of one or of the context.
func (l *Lists) Dpkg(ctx context.Context, one func(DpkgList) error) (found bool, err error) {
	diverted, err := l.diversions(ctx)
	if err != nil {
		l.Problem(diversions, err)
	}
	for _, dir := range []struct {
		path, suffix string
		file         func(line string) string
	}{{dpkgInfo, ".list", listed}, {dpkgParts, ".md5sums", digested}} {
		objects := l.objects(ctx, dir.path)
		for _, name := range slices.Sorted(maps.Keys(objects)) {
			stem, ok := strings.CutSuffix(name, dir.suffix)
			if !ok {
				continue
			}
			found = true
			list := DpkgList{
				Path: dir.path + "/" + name, Digests: dir.path + "/" + stem + ".md5sums",
				List: objects[name], Sums: objects[stem+".md5sums"],
			}
			list.Package, list.Arch, _ = strings.Cut(stem, ":") // Multi-Arch: same
			err := l.LinesOf(ctx, list.Path, list.List, func(n int, line string) error {
				if len(list.Files) > maxFiles {
					return binread.Limit("more than %d files", maxFiles)
				}
				if file := dir.file(line); file != "" {
					list.Files = append(list.Files, ListedFile{diverted.of(file, list.Package), file, n})
				}
				return nil
			})
			if ctx.Err() != nil {
				return found, ctx.Err()
			}
			if err != nil {
				l.Problem(list.Path, err)
			}
			if err := one(list); err != nil {
				return found, err
			}
		}
	}
	return found, nil
}

// objects are those in a directory by name, which are not looked for one by one: it has thousands.
func (l *Lists) objects(ctx context.Context, dir string) map[string]guest.Object {
	at, err := l.guest.Resolve(dir)
	if err != nil && at == "" {
		at = dir
	}
	all := map[string]guest.Object{}
	err = l.guest.Walk(ctx, at, func(o guest.Object, err error) error {
		if _, tainted := guest.TaintOf(err); err != nil && !tainted { // a taint is told again where the list is read
			l.Problem(o.Path, err)
		}
		if o.Path == at {
			return nil
		}
		all[path.Base(o.Path)] = o
		if o.IsDir() {
			return fs.SkipDir
		}
		return nil
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) && ctx.Err() == nil {
		l.Problem(dir, err)
	}
	return all
}

func dpkg(ctx context.Context, x *Index) (bool, error) {
	return x.Dpkg(ctx, func(list DpkgList) error {
		for _, f := range list.Files {
			if err := x.add(f.Path, list.Package); err != nil {
				return err
			}
		}
		return nil
	})
}

// listed is a line of a list: a path, or /. for the root.
func listed(line string) string {
	if line == "/." || !strings.HasPrefix(line, "/") {
		return ""
	}
	return line
}

func digested(line string) string {
	_, file, _ := Digested(line)
	return file
}

// Digested splits a line "digest  path" of a list of digests, where the path may be without the slash before it.
func Digested(line string) (digest, file string, ok bool) {
	digest, file, ok = strings.Cut(line, "  ")
	if !ok || file == "" {
		return "", "", false
	}
	return digest, path.Clean("/" + file), true
}

// diversion moves the file of every package but one.
type diversion struct{ to, by string }

type diverted map[string]diversion

// of returns where the file of a package is.
func (all diverted) of(file, pkg string) string {
	if d, ok := all[file]; ok && d.by != pkg {
		return d.to
	}
	return file
}

// diversions reads groups of three lines: from where, to where, and the package that is not diverted, or ":" when that
// is none.
func (l *Lists) diversions(ctx context.Context) (diverted, error) {
	all := diverted{}
	var three []string
	err := l.Lines(ctx, diversions, func(_ int, line string) error {
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
