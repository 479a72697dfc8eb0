package shipped

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"io/fs"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
)

const (
	pacmanConf    = "/etc/pacman.conf"
	pacmanLocal   = "/var/lib/pacman/local"
	maxMtree      = 64 << 20 // bytes of an mtree, compressed
	maxPacmanConf = 1 << 20
	maxMtrees     = 2 << 30 // bytes of all of them, unpacked
)

// pacman reads local/*/files, which names the files of a package, and local/*/mtree, which describes them (alpm-files(5),
// alpm-mtree(5)). The directory's name is the package's with its version and release.
func pacman(ctx context.Context, l *loader) (bool, error) {
	entries, err := l.Guest().ReadDir(pacmanLocal)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		l.Problem(pacmanLocal, err)
	}
	left, excludes := int64(maxMtrees), readNoExtract(l)
	for _, e := range entries {
		parts := strings.Split(e.Name, "-")
		if !e.Type.IsDir() || len(parts) < 3 {
			continue
		}
		p := pacmanPackage{loader: l, name: strings.Join(parts[:len(parts)-2], "-"), dir: pacmanLocal + "/" + e.Name, left: &left, excludes: excludes}
		if err := p.load(ctx); err != nil {
			return true, err
		}
	}
	return true, nil
}

// readNoExtract reads the patterns of files that pacman leaves out, of which one with an exclamation mark takes some back
// (pacman.conf(5)). They are looked for in the main file alone.
func readNoExtract(l *loader) excludes {
	b, err := l.Guest().ReadFile(pacmanConf, maxPacmanConf)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		l.Problem(pacmanConf, err)
	}
	var all excludes
	for line := range strings.Lines(string(b)) {
		key, patterns, _ := strings.Cut(line, "=")
		if strings.TrimSpace(key) != "NoExtract" {
			continue
		}
		for pattern := range strings.FieldsSeq(patterns) {
			bare, back := strings.CutPrefix(pattern, "!")
			x, err := newExclude("/"+bare, !back)
			if err != nil || len(all) == maxExcludes {
				l.Problem(pacmanConf, binread.Corrupt("pattern cannot be used: %.60q", pattern))
				continue
			}
			all = append(all, x)
		}
	}
	return all
}

// pacmanPackage is one directory of the local database.
type pacmanPackage struct {
	*loader
	name, dir string
	listed    map[string]bool // path in %FILES%, to whether mtree describes it
	backup    map[string]bool
	left      *int64 // bytes that may still be unpacked
	excludes  excludes
}

func (p *pacmanPackage) load(ctx context.Context) error {
	if err := p.lists(ctx); err != nil {
		return err
	}
	at := p.dir + "/mtree"
	b, err := p.Guest().ReadFile(at, maxMtree)
	if err != nil {
		p.Problem(at, err)
	}
	undescribed := 0
	if b != nil {
		m := mtree{each: p.entry, problem: func(n int, err error) { p.Problem(at, atLine(n, err)) }}
		err := p.unpack(ctx, b, &m)
		if errors.Is(err, binread.ErrLimit) || ctx.Err() != nil {
			return err
		}
		if err != nil {
			p.Problem(at, err)
		}
	}
	for path, described := range p.listed {
		if described {
			continue
		}
		undescribed++
		if err := p.add(p.file(path, Source{Path: p.dir + "/files"})); err != nil {
			return err
		}
	}
	if undescribed > 0 {
		p.Problem(at, binread.Corrupt("%d files of %.60q are not described", undescribed, p.name))
	}
	return nil
}

// lists reads the sections of files: paths, those of directories with a slash at the end, and configuration files with the MD5 of
// what the package has.
func (p *pacmanPackage) lists(ctx context.Context) error {
	p.listed, p.backup = map[string]bool{}, map[string]bool{}
	at, section := p.dir+"/files", ""
	err := p.Lines(ctx, at, func(_ int, line string) error {
		switch {
		case line == "":
			section = ""
		case section == "":
			section = line
		case section == "%FILES%":
			p.listed["/"+strings.Trim(line, "/")] = false
		case section == "%BACKUP%":
			path, _, _ := strings.Cut(line, "\t")
			p.backup["/"+path] = true
		}
		return nil
	})
	if err != nil && ctx.Err() == nil {
		p.Problem(at, err)
		return nil
	}
	return err
}

func (p *pacmanPackage) file(path string, source Source) File {
	return File{Path: path, Package: p.name, Manager: p.manager, Config: p.backup[path], Optional: p.excludes.match(path), Source: source}
}

// unpack gives the lines of an mtree to m.
func (p *pacmanPackage) unpack(ctx context.Context, b []byte, m *mtree) error {
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		return binread.Corrupt("mtree: %w", err)
	}
	limited := &io.LimitedReader{R: z, N: *p.left}
	defer func() { *p.left = limited.N }()
	s := bufio.NewScanner(limited)
	s.Buffer(nil, maxMtreeLine)
	for n := 1; s.Scan(); n++ {
		if n%10_000 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		if err := m.line(n, s.Text()); err != nil {
			return err
		}
	}
	switch err := s.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		return binread.Corrupt("mtree has a line of more than %d bytes", maxMtreeLine)
	case err != nil:
		return binread.Corrupt("mtree: %w", err)
	case limited.N == 0:
		return binread.Limit("mtrees have more than %d bytes", maxMtrees)
	}
	return m.end()
}

// entry adds a file that an mtree describes. What begins with a dot in the root of a package is about the package.
func (p *pacmanPackage) entry(n int, e mtreeEntry) error {
	if e.path == "/" || strings.HasPrefix(e.path, "/.") && strings.Count(e.path, "/") == 1 {
		return nil
	}
	source := Source{p.dir + "/mtree", n}
	if _, ok := p.listed[e.path]; !ok {
		p.Problem(source.Path, atLine(n, binread.Corrupt("%.80q is not among the files of %.60q", e.path, p.name)))
	}
	p.listed[e.path] = true
	f := p.file(e.path, source)
	f.Type, f.UID, f.GID, f.Hash, f.Digest = e.kind, e.uid, e.gid, e.hash, e.digest
	switch e.kind {
	case typeLink:
		f.Target = e.link
		return p.add(f)
	case typeRegular:
		f.Size = e.size
	}
	f.Mode = e.mode
	return p.add(f)
}
