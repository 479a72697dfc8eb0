package rego

import (
	"fmt"
	"runtime/metrics"
	"sync/atomic"
	"time"

	"github.com/open-policy-agent/opa/v1/topdown"
)

// limits bound the evaluation of one check.
type limits struct {
	time   time.Duration
	memory uint64 // bytes that the heap of the whole program may grow by meanwhile
}

// spent is the limit that an evaluation came to, if any.
type spent struct{ why atomic.Pointer[string] }

func (s *spent) reason() error {
	if why := s.why.Load(); why != nil {
		return fmt.Errorf("%s", *why)
	}
	return nil
}

const watchEvery = 5 * time.Millisecond

// watch ends the evaluation of a check that takes too long or too much. The function it returns ends the watch.
func (q *query) watch() (stop func()) {
	q.cancel, q.spent = topdown.NewCancel(), &spent{}
	cancel, over := q.cancel, q.spent
	limits, ctx, done := q.session.judge.limits, q.session.ctx, make(chan struct{})
	go func() {
		start := heap()
		deadline := time.After(limits.time)
		tick := time.NewTicker(watchEvery)
		defer tick.Stop()
		for {
			var why string
			select {
			case <-done:
				return
			case <-ctx.Done():
				why = "interrupted before it was judged"
			case <-deadline:
				why = fmt.Sprintf("took longer than %v", limits.time)
			case <-tick.C:
				if now := heap(); now > start && now-start > limits.memory {
					why = fmt.Sprintf("took more than %d MiB of memory", limits.memory>>20)
				}
			}
			if why != "" {
				over.why.Store(&why)
				cancel.Cancel()
				return
			}
		}
	}()
	return func() { close(done) }
}

// heap is how many bytes the objects of the heap take, those that nobody has collected yet included.
func heap() uint64 {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}
