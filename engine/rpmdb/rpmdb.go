// Package rpmdb reads the database of installed packages that rpm keeps: Berkeley DB, NDB and SQLite.
//
// The library github.com/knqyf263/go-rpmdb reads the three containers and needs a path for it. So the database is copied
// from the guest into a directory of its own below the host's temporary directory (mode 0700, limited in size, removed
// before Read returns). That is the only place where guestctl writes on behalf of an image, and nothing in an image has
// a say in its name. An SQLite database is copied with its write-ahead log, which SQLite replays in the copy; the -shm
// file beside it is an index that SQLite makes anew, and a rollback journal is never copied, because SQLite would follow
// the host path that a journal may name.
//
// The library trusts its input: it loops over page chains, allocates what a field says and panics in goroutines of its
// own, where nobody can recover. Each container is therefore checked first (bdb.go, ndb.go, sqlite.go), to the point where
// the library cannot go wrong on it, and the number of headers it returns is held against the number that was counted.
// The headers are decoded here (header.go; rpm 4.18, docs/manual/hregions.md and docs/manual/tags.md).
package rpmdb

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/knqyf263/go-rpmdb/pkg/bdb"
	rpmdb "github.com/knqyf263/go-rpmdb/pkg/db"
	"github.com/knqyf263/go-rpmdb/pkg/ndb"
	"github.com/knqyf263/go-rpmdb/pkg/sqlite3"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/guest"
)

const (
	maxDatabase = 512 << 20 // bytes of a database, and of its log
	maxPackages = 200_000
	maxProblems = 100
)

// directories in which rpm keeps its database (%_dbpath): of newer Fedora and SUSE, of all others, and of ostree.
var directories = []string{"/usr/lib/sysimage/rpm", "/var/lib/rpm", "/usr/share/rpm"}

// names of the database in its directory, in the order in which they are taken when there are several: a database that was
// converted leaves its older form behind.
var names = []string{"rpmdb.sqlite", "Packages.db", "Packages"}

const log = "-wal"

// Find returns the paths of the guest's rpm databases, the one in use first. A path whose database is gone while its
// write-ahead log is there is among them. The errors are about paths that could not be looked up.
func Find(g *guest.Guest) (paths []string, errs []error) {
	seen := map[string]bool{}
	there := func(path string) bool {
		_, err := g.Stat(path)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
		return err == nil
	}
	for _, dir := range directories {
		resolved, err := g.Resolve(dir)
		if err != nil || seen[resolved] {
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				errs = append(errs, err)
			}
			continue
		}
		seen[resolved] = true
		for _, name := range names {
			path := dir + "/" + name
			if there(path) || name == names[0] && there(path+log) {
				paths = append(paths, path)
			}
		}
	}
	return paths, errs
}

// Read calls each for every package of the database at path, in the order of the database. Problems are what is not to be
// believed, or a header that could not be decoded; err means that the rest is missing. An error of each ends the reading.
func Read(ctx context.Context, g *guest.Guest, path string, each func(*Header) error) (problems []error, err error) {
	dir, err := os.MkdirTemp("", "guestctl-rpmdb-")
	if err != nil {
		return nil, fmt.Errorf("private copy of the rpm database: %w", err)
	}
	r := reader{ctx: ctx, g: g, path: path, dir: dir, each: each}
	defer func() {
		if p := recover(); p != nil {
			err = binread.Corrupt("%s: reading it went wrong: %v", path, p)
		}
		err = r.withoutDir(err)
		if rmErr := os.RemoveAll(dir); rmErr != nil && err == nil {
			err = fmt.Errorf("private copy of the rpm database: %w", rmErr)
		}
		problems = r.problems
	}()
	return nil, r.read()
}

// reader is one reading of one database.
type reader struct {
	ctx      context.Context // of this call of Read
	g        *guest.Guest
	path     string // in the guest
	dir      string // on the host
	each     func(*Header) error
	problems []error
	headers  int
	values   int // in all headers so far
}

// container is a database that was checked.
type container struct {
	headers int      // that the library will return
	inline  [][]byte // headers that lie where the library does not look
	open    func(path string) (rpmdb.RpmDBInterface, error)
}

func (r *reader) read() error {
	file := filepath.Join(r.dir, "rpmdb")
	if err := r.copy(r.path, file); err != nil {
		if _, statErr := r.g.Stat(r.path + log); errors.Is(err, fs.ErrNotExist) && statErr == nil {
			return binread.Corrupt("%s is missing and its write-ahead log is there", r.path)
		}
		return err
	}
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	c, err := r.check(f, file)
	if err != nil {
		return fmt.Errorf("%s: %w", r.path, err)
	}
	for _, b := range c.inline {
		if err := r.header(b); err != nil {
			return err
		}
	}
	return r.drain(c, file)
}

// check tells the container by its magic number, and looks whether it is sound.
func (r *reader) check(f *os.File, file string) (*container, error) {
	st, err := f.Stat()
	if err != nil {
		return nil, err
	}
	size := st.Size()
	is := func(magic binread.Probe) bool {
		ok, probeErr := magic(f, size)
		err = errors.Join(err, probeErr)
		return ok
	}
	switch {
	case is(sqliteMagic):
		c := &container{open: func(p string) (rpmdb.RpmDBInterface, error) { return sqlite3.Open(p) }}
		if err := r.copyLog(file); err != nil {
			return nil, err
		}
		c.headers, err = checkSQLite(r.ctx, file)
		return c, err
	case is(ndbMagic):
		c := &container{open: func(p string) (rpmdb.RpmDBInterface, error) { return ndb.Open(p) }}
		c.headers, err = checkNDB(r.ctx, f, size)
		return c, err
	case is(bdbMagic):
		c := &container{open: func(p string) (rpmdb.RpmDBInterface, error) { return bdb.Open(p) }}
		c.headers, c.inline, err = checkBDB(r.ctx, f, size)
		return c, err
	}
	if err != nil {
		return nil, err
	}
	return nil, binread.Corrupt("%d bytes of no known kind, want an SQLite, NDB or Berkeley DB hash file", size)
}

// drain takes all headers from the library. Its goroutine ends only when nothing is left, so an error does not stop it.
func (r *reader) drain(c *container, file string) error {
	db, err := c.open(file)
	if err != nil {
		return binread.Corrupt("%s: %w", r.path, err)
	}
	seen := 0
	var failed error
	for e := range db.Read() {
		switch {
		case failed != nil:
		case r.ctx.Err() != nil:
			failed = r.ctx.Err()
		case e.Err != nil:
			failed = binread.Corrupt("%s: %w", r.path, e.Err)
		default:
			seen++
			failed = r.header(e.Value)
		}
	}
	if err := db.Close(); failed == nil && err != nil {
		failed = err
	}
	if failed == nil && seen != c.headers {
		failed = binread.Corrupt("%s: %d of %d packages could be read", r.path, seen, c.headers)
	}
	return failed
}

// header hands on one package. One that is damaged is a problem, and the others are read.
func (r *reader) header(b []byte) error {
	if r.headers++; r.headers > maxPackages {
		return binread.Limit("%s: more than %d packages", r.path, maxPackages)
	}
	h, err := decode(b, &r.values)
	if errors.Is(err, binread.ErrLimit) {
		return fmt.Errorf("%s: %w", r.path, err)
	}
	if err != nil {
		return r.problem(fmt.Errorf("package %d: %w", r.headers, err))
	}
	h.Number = r.headers
	return r.each(h)
}

func (r *reader) problem(err error) error {
	r.problems = append(r.problems, err)
	if len(r.problems) > maxProblems {
		return binread.Corrupt("%s: more than %d packages are damaged", r.path, maxProblems)
	}
	return nil
}

// withoutDir takes the name of the private directory, which is the host's, out of an error.
func (r *reader) withoutDir(err error) error {
	if err == nil || !strings.Contains(err.Error(), r.dir) {
		return err
	}
	text := strings.ReplaceAll(err.Error(), r.dir+string(filepath.Separator), "copy of ")
	if errors.Is(err, binread.ErrCorrupt) {
		return binread.Corrupt("%s", text)
	}
	return fmt.Errorf("%s: %s", r.path, text)
}
