package live

import "time"

// patience measures for how long nothing has moved. Time in which QEMU waited for a processor of the host does not count: a guest on a
// busy machine is slow, and not stuck.
type patience struct {
	moves   int
	quiet   time.Duration
	ran     time.Duration // all of it in which the guest had a processor
	at      time.Time
	waiting map[string]time.Duration // of each thread
}

// look takes what is known at a moment and returns for how long nothing has moved.
func (p *patience) look(at time.Time, moves int, waiting map[string]time.Duration) time.Duration {
	if !p.at.IsZero() {
		passed := at.Sub(p.at)
		ran := max(0, passed-p.starved(waiting))
		p.quiet, p.ran = p.quiet+ran, p.ran+ran
	}
	if moves != p.moves {
		p.quiet = 0
	}
	p.moves, p.at, p.waiting = moves, at, waiting
	return p.quiet
}

// starved is how long the thread that waited longest did so since the last look.
func (p *patience) starved(waiting map[string]time.Duration) (longest time.Duration) {
	for thread, now := range waiting {
		longest = max(longest, now-p.waiting[thread])
	}
	return longest
}
