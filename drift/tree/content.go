package tree

import (
	"bytes"
	"context"
	"maps"
	"runtime"
	"slices"
	"sync"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/guest"
)

const readBuffer = 256 << 10 // bytes of each side

// pair is a file whose content has to be read on both sides.
type pair struct {
	before, after guest.Object
	change        int // its index among the changes, or -1
	same          bool
	err           error
}

// known reports whether the content of two files of one size is the same without a look at it.
func (c *comparison) known(a, b guest.Object) bool {
	if c.ReadAll {
		return false
	}
	if untouched(a, b) {
		c.result.Trusted++
		return true
	}
	x, ok := a.Origin(c.Now)
	if !ok {
		return false
	}
	y, ok := b.Origin(c.Now)
	if ok && x == y {
		c.result.SameOrigin++
		return true
	}
	return false
}

// untouched reports whether both inodes say that nothing was written: a kernel that runs stamps each change with a fraction of a
// second. Times in whole seconds are those of a program that made the image, and it gives the same ones to other content.
func untouched(a, b guest.Object) bool {
	return a.Node == b.Node && a.Generation == b.Generation && a.Modify.Equal(b.Modify) && a.Change.Equal(b.Change) && a.Change.Nanosecond() != 0
}

// executable bits of a mode.
const executable = 0o111

// attributes tells of programs whose capabilities, and of files whose access lists, are others.
func (c *comparison) attributes(what []string, a, b guest.Object) ([]string, error) {
	if a.IsSymlink() || untouched(a, b) && !c.ReadAll || a.IsRegular() && (a.Mode|b.Mode)&executable == 0 {
		return what, nil
	}
	before, errBefore := a.Xattrs()
	after, errAfter := b.Xattrs()
	if err := firstOf(errBefore, errAfter); err != nil {
		return nil, err
	}
	names := slices.Concat(slices.Collect(maps.Keys(before)), slices.Collect(maps.Keys(after)))
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		if !bytes.Equal(before[name], after[name]) {
			what = append(what, "attribute "+name)
		}
	}
	return what, nil
}

// contents reads the pairs, on all cores.
func (c *comparison) contents(ctx context.Context) error {
	next := make(chan *pair)
	var wg sync.WaitGroup
	var mu sync.Mutex
	for range min(runtime.GOMAXPROCS(0), len(c.pairs)) {
		wg.Go(func() {
			r := reader{make([]byte, readBuffer), make([]byte, readBuffer)}
			for p := range next {
				p.same, p.err = r.same(ctx, p.before, p.after)
				if c.Progress != nil {
					mu.Lock()
					c.Progress(p.after.Size)
					mu.Unlock()
				}
			}
		})
	}
	for i := range c.pairs {
		if ctx.Err() != nil {
			break
		}
		next <- &c.pairs[i]
	}
	close(next)
	wg.Wait()
	if err := ctx.Err(); err != nil {
		return err
	}
	for i := range c.pairs {
		c.judge(&c.pairs[i])
	}
	slices.SortStableFunc(c.result.Changes, func(a, b Change) int { return comparePaths(a.Path, b.Path) })
	return nil
}

// judge notes what a pair came to.
func (c *comparison) judge(p *pair) {
	switch {
	case p.err != nil:
		c.problem(p.after.Path, p.err)
		return
	case p.same:
	case p.change >= 0:
		change := &c.result.Changes[p.change]
		change.What = append([]string{"content"}, change.What...)
	default:
		kind, what := Changed, "content"
		if p.before.Node == p.after.Node && p.before.Modify.Equal(p.after.Modify) && p.before.Change.Equal(p.after.Change) {
			kind, what = Corrupted, "content, with the size and times of before"
		}
		c.result.Changes = append(c.result.Changes, Change{Path: p.after.Path, Kind: kind, What: []string{what}, Before: &p.before, After: &p.after})
	}
	c.result.Read++
	c.result.Bytes += p.after.Size
}

// reader compares one file at a time.
type reader struct{ a, b []byte }

func (r *reader) same(ctx context.Context, before, after guest.Object) (bool, error) {
	x, err := before.Open()
	if err != nil {
		return false, err
	}
	y, err := after.Open()
	if err != nil {
		return false, err
	}
	size := x.Size()
	if size != y.Size() {
		return false, nil
	}
	for off := int64(0); off < size; {
		if err := ctx.Err(); err != nil {
			return false, err
		}
		n := min(int64(len(r.a)), size-off)
		if err := firstOf(binread.Fill(x, r.a[:n], off), binread.Fill(y, r.b[:n], off)); err != nil {
			return false, err
		}
		if !bytes.Equal(r.a[:n], r.b[:n]) {
			return false, nil
		}
		off += n
	}
	return true, nil
}
