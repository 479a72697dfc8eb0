// Package reading goes through the bytes of a disk: in pieces, on all processors, with what came of them told in the order of the disk,
// and without reading what the container says to be zeros.
//
// No more is held in memory than the buffers of the workers and a queue of results, however large the disk is.
package reading

import (
	"cmp"
	"context"
	"iter"
	"runtime"
	"sync"
)

// Work says what is done with the pieces of a disk.
type Work[T any] struct {
	Workers int // 0: one for each processor
	// Queued is how many pieces that were begun may wait for one before them; 0 is a few.
	Queued int
	// Worker returns what one worker does with a piece. It is called once for each worker, which can have buffers of its own.
	Worker func() func(T)
	// Take is called for each piece that was worked on, in order, by one goroutine. Nothing follows when it returns false.
	Take func(T) bool
}

// few is the length of a queue of which nothing is said.
const few = 16

// slot is a piece that is being worked on.
type slot[T any] struct {
	piece T
	done  chan struct{}
}

// Each works on pieces on several processors, and has the results taken in the order of the pieces. Every worker has ended when it
// returns. The error is that of the context.
func (w Work[T]) Each(parent context.Context, pieces iter.Seq[T]) error {
	ctx, stop := context.WithCancel(parent)
	defer stop()
	var all sync.WaitGroup
	work, ordered := make(chan slot[T]), make(chan slot[T], cmp.Or(w.Queued, few))
	for range cmp.Or(w.Workers, runtime.GOMAXPROCS(0)) {
		all.Go(func() {
			do := w.Worker()
			for s := range work {
				do(s.piece)
				close(s.done)
			}
		})
	}
	all.Go(func() {
		defer close(work)
		defer close(ordered)
		for piece := range pieces {
			if ctx.Err() != nil {
				return
			}
			s := slot[T]{piece, make(chan struct{})}
			ordered <- s
			work <- s
		}
	})
	for s := range ordered {
		<-s.done
		if parent.Err() != nil || !w.Take(s.piece) {
			stop()
			break
		}
	}
	for s := range ordered { // what was begun is ended, and not told
		<-s.done
	}
	all.Wait()
	return parent.Err()
}
