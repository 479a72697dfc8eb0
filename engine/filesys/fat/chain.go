package fat

import (
	"slices"

	"github.com/guestctl/guestctl/engine/binread"
)

const maxRuns = 1 << 20 // of one chain

// chain is a chain of clusters, as runs that lie one behind the other.
type chain struct {
	runs  []run
	count uint32 // clusters in all runs
	ended bool   // its last cluster is marked as the last
	err   error  // why nothing follows the runs
}

// run is a stretch of clusters that follow each other on the disk and in the chain.
type run struct {
	logical uint32 // number of its first cluster in the chain
	start   uint32 // number of its first cluster on the disk
	count   uint32
}

// follow walks the chain that begins at a cluster until its end, or over limit clusters.
func (f *FS) follow(start, limit uint32) chain {
	var c chain
	at := start
	mark, lap, power := start, uint32(0), uint32(2) // Brent's search for a cycle
	for c.count < limit {
		next, err := f.link(at)
		if err == nil && len(c.runs) == maxRuns && !c.continues(at) {
			err = binread.Limit("more than %d runs of clusters", maxRuns)
		}
		if err != nil {
			c.err = err
			break
		}
		c.add(at)
		if next >= markEnd {
			c.ended = true
			break
		}
		if at = next; at == mark {
			return chain{err: binread.Corrupt("the chain of clusters from %d comes back to cluster %d", start, at)}
		}
		if lap++; lap == power {
			mark, lap, power = at, 0, power*2
		}
	}
	if twice := c.overlap(); twice != 0 {
		return chain{err: binread.Corrupt("the chain of clusters from %d comes back to cluster %d", start, twice)}
	}
	return c
}

// link checks a cluster of a chain and returns the next one, or a mark of the end.
func (f *FS) link(at uint32) (uint32, error) {
	if !f.boot.valid(at) {
		return 0, binread.Corrupt("the chain leads to cluster %d, want 2 to %d", at, f.boot.last())
	}
	next, err := f.entry(at)
	switch {
	case err != nil:
		return 0, err
	case next == markFree:
		return 0, binread.Corrupt("cluster %d of the chain is marked as free", at)
	case next == markBad:
		return 0, binread.Corrupt("cluster %d of the chain is marked as bad", at)
	}
	return next, nil
}

// continues reports whether a cluster lies behind the last run.
func (c *chain) continues(at uint32) bool {
	if len(c.runs) == 0 {
		return false
	}
	last := c.runs[len(c.runs)-1]
	return at-last.start == last.count
}

func (c *chain) add(at uint32) {
	if c.continues(at) {
		c.runs[len(c.runs)-1].count++
	} else {
		c.runs = append(c.runs, run{logical: c.count, start: at, count: 1})
	}
	c.count++
}

// overlap returns a cluster that is in two runs, or 0: a cycle that the walk did not go round.
func (c *chain) overlap() uint32 {
	if len(c.runs) < 2 {
		return 0
	}
	runs := slices.SortedFunc(slices.Values(c.runs), func(a, b run) int { return int(a.start) - int(b.start) })
	for i := 1; i < len(runs); i++ {
		if runs[i].start-runs[i-1].start < runs[i-1].count {
			return runs[i].start
		}
	}
	return 0
}

// find returns where a cluster of the chain is, and how many follow it there, itself included; 0 where the chain has ended.
func (c *chain) find(logical uint32) (cluster, count uint32) {
	i, found := slices.BinarySearchFunc(c.runs, logical, func(r run, l uint32) int { return int(r.logical) - int(l) })
	if !found {
		i--
	}
	if i < 0 || logical-c.runs[i].logical >= c.runs[i].count {
		return 0, 0
	}
	within := logical - c.runs[i].logical
	return c.runs[i].start + within, c.runs[i].count - within
}
