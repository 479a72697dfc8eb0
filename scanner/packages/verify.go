// Package packages is the judge of what packages own: every file of a package is held against the package database, offline, and
// programs, libraries, units and kernel modules that no package owns are told.
//
// The database lies in the guest. A file that agrees with it is as shipped as far as the database is to be believed; signs that it was
// changed are told too. Managers keep different things: dpkg has digests, and modes and owners only of what dpkg-statoverride(1)
// registered; rpm, apk and pacman have digests, modes and owners, and rpm capabilities and targets of links, too.
package packages

import (
	"cmp"
	"context"
	"crypto"
	"errors"
	"io/fs"
	"runtime"
	"slices"
	"sync"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/engine/guest"
	"github.com/guestctl/guestctl/engine/shipped"
)

const (
	// maxDifferences are told one by one of one guest; the others are counted.
	maxDifferences = 10_000
	maxUnread      = 1000
	// maxHoles is how many bytes of holes are read: a small disk can hold any number of files that are all holes.
	maxHoles = 16 << 30
)

// Options say what is judged, and how.
type Options struct {
	Packages *shipped.Index
	Owners   *facts.Owners // names of accounts and groups, for managers that keep names
	// Files judges what packages own, and Unowned looks for what they do not own.
	Files, Unowned bool
	// Sum returns a digest that someone computed of the file at path as it is in the guest, so that it is not read again; nil has none.
	Sum func(path string, h crypto.Hash) ([]byte, bool)
	// AllowConfig takes changed configuration files, and such that were removed, for what they are meant to be.
	AllowConfig bool
	// Local also tells programs and libraries below /usr/local and /opt, which no package is expected to own.
	Local bool
	// Ignore names paths that are not told; nil ignores none.
	Ignore func(path string) bool
	// Workers is how many files are read at the same time; 0 is one for each processor.
	Workers int
	// Progress is called now and then with how many bytes were read since; nil is allowed.
	Progress func(bytes int64)
}

// Verify judges the files of a guest. The error is that of the context; what could not be read is in the result.
func Verify(ctx context.Context, g *guest.Guest, opts Options) (*Result, error) {
	if opts.Workers == 0 {
		opts.Workers = runtime.GOMAXPROCS(0)
	}
	v := &verifier{
		Options: opts, guest: g, seen: make([]bool, opts.Packages.Len()), result: &Result{},
		sums: map[inode][]byte{},
	}
	for _, p := range opts.Packages.Problems {
		v.unread(p.Path, p.Err)
	}
	if err := v.run(ctx); err != nil {
		return nil, err
	}
	if v.Files {
		v.missing()
		v.database()
	}
	v.finish()
	return v.result, ctx.Err()
}

// verifier is one run.
type verifier struct {
	Options
	guest *guest.Guest
	seen  []bool // by the place in Packages.Files; of the goroutine that walks
	holes int64  // likewise

	mu     sync.Mutex
	result *Result
	sums   map[inode][]byte // of files with several names
	// rewritten are paths that are as shipped and were written after their package.
	rewritten []string
}

// inode is one file, whatever its names, and the kind of a digest.
type inode struct {
	device string
	node   uint64
	hash   crypto.Hash
}

// task is an object of the guest, and where the index has what is said of it.
type task struct {
	guest.Object
	from, to int
}

func (v *verifier) run(ctx context.Context) error {
	tasks := make(chan task, 256)
	var wg sync.WaitGroup
	for range v.Workers {
		wg.Go(func() {
			w := &worker{verifier: v}
			for t := range tasks {
				if ctx.Err() == nil {
					w.judge(t)
				}
			}
			v.mu.Lock()
			defer v.mu.Unlock()
			v.result.Stats.add(w.stats)
		})
	}
	err := v.guest.Walk(ctx, "/", func(o guest.Object, err error) error { return v.visit(ctx, tasks, o, err) })
	close(tasks)
	wg.Wait()
	return cmp.Or(ctx.Err(), err)
}

// visit sends what packages own to the workers, and looks for what they do not own.
func (v *verifier) visit(ctx context.Context, tasks chan<- task, o guest.Object, err error) error {
	if err != nil {
		v.unread(o.Path, err)
	}
	if o.Mode == 0 {
		return nil
	}
	from, to := v.Packages.Span(o.Path)
	for i := from; i < to; i++ {
		v.seen[i] = true
	}
	switch {
	case from == to:
		v.unowned(o)
	case v.Files && !v.tooManyHoles(o):
		select {
		case tasks <- task{o, from, to}:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if o.IsDir() && !v.Packages.Holds(o.Path) && !watched(o.Path) {
		return fs.SkipDir
	}
	return nil
}

func (v *verifier) tooManyHoles(o guest.Object) bool {
	if !o.IsRegular() || o.Allocated < 0 || o.Size <= o.Allocated {
		return false
	}
	if v.holes += o.Size - o.Allocated; v.holes <= maxHoles {
		return false
	}
	v.unread(o.Path, binread.Limit("holes of more than %d GiB in all files", maxHoles>>30))
	return true
}

// missing tells the files of packages that the walk did not come by. A directory that could not be read leaves what is in it in doubt.
func (v *verifier) missing() {
	for i := 0; i < len(v.seen); {
		f := v.Packages.At(i)
		from, to := i, i+1
		for to < len(v.seen) && v.Packages.At(to).Path == f.Path {
			to++
		}
		i = to
		if v.seen[from] {
			continue
		}
		_, err := v.guest.Lstat(f.Path)
		if errors.Is(err, fs.ErrNotExist) {
			v.absent(from, to)
			continue
		}
		v.result.Stats.Files++
		if err == nil {
			err = binread.Corrupt("it is there, and not in the list of its directory")
		}
		v.unread(f.Path, err)
	}
}

// absent judges a file that is not there.
func (v *verifier) absent(from, to int) {
	v.result.Stats.Files++
	f := v.Packages.At(from)
	for i := from; i < to; i++ {
		if one := v.Packages.At(i); one.Optional || one.Generated {
			v.result.Stats.LeftOut++
			return
		}
	}
	role := roleOf(f.Path, 0, f.Config)
	if f.Type == modeDir {
		role = Directory
	}
	if role == Config && v.AllowConfig {
		v.result.Stats.Config++
		return
	}
	v.differ(Difference{Kind: Missing, Role: role, File: f, Expected: "there", Actual: "missing"})
}

// database tells what makes the databases less to be believed.
func (v *verifier) database() {
	for _, w := range v.Packages.Weaknesses {
		v.differ(Difference{Kind: Database, Role: Other, File: shipped.File{Path: w.Path, Source: shipped.Source{Path: w.Path}}, Expected: "as its manager wrote it", Actual: w.Text})
	}
}

func (v *verifier) differ(d Difference) {
	if v.Ignore != nil && v.Ignore(d.Path) {
		v.mu.Lock()
		v.result.Stats.Ignored++
		v.mu.Unlock()
		return
	}
	d.Severity = d.severity()
	v.mu.Lock()
	defer v.mu.Unlock()
	v.result.Stats.count(d)
	if len(v.result.Differences) == maxDifferences {
		v.result.More++
		return
	}
	v.result.Differences = append(v.result.Differences, d)
}

func (v *verifier) unread(path string, err error) {
	if t, ok := guest.TaintOf(err); ok { // told once of a whole volume
		path, err = t.Device, errors.New(t.Reason)
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.result.Stats.Unread++
	if len(v.result.Unread) < maxUnread {
		v.result.Unread = append(v.result.Unread, Unread{path, causeOf(err)})
	}
}

// causeOf is an error without the path that stands beside it.
func causeOf(err error) string {
	if pe := (*fs.PathError)(nil); errors.As(err, &pe) {
		return pe.Op + ": " + pe.Err.Error()
	}
	return err.Error()
}

func (v *verifier) finish() {
	r := v.result
	slices.SortFunc(r.Differences, func(a, b Difference) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Actual, b.Actual))
	})
	slices.SortFunc(r.Unread, func(a, b Unread) int { return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Cause, b.Cause)) })
	r.Unread = slices.Compact(r.Unread)
	r.Managers = v.Packages.Managers
	r.notes(v)
}
