package archive

import (
	"context"
	"errors"
	"io"
	"math"
	"time"

	"github.com/guestctl/guestctl/engine/binread"
)

// ErrTime is the error of a Budget whose time is over.
var ErrTime = errors.New("the time for opening it was over")

// Limits are how much may be taken out of one archive, those nested in it included.
type Limits struct {
	Members  int
	Unpacked int64 // bytes
	Ratio    int64 // bytes that one byte of the outermost archive may become, beyond the first 10 MiB
	Time     time.Duration
}

// freeBytes is how much any archive may unpack to, whatever its size.
const freeBytes = 10 << 20

// Budget is what is left of Limits while an archive is opened, with all that are nested in it.
type Budget struct {
	ctx               context.Context
	limits            Limits
	deadline          time.Time
	unpacked, most    int64 // bytes, and how many may be
	members, problems int
	err               error
}

// NewBudget returns the budget of an archive of size bytes. The walk ends with ctx.
func NewBudget(ctx context.Context, size int64, l Limits) *Budget {
	b := &Budget{ctx: ctx, limits: l, deadline: time.Now().Add(l.Time), most: l.Unpacked}
	if l.Ratio <= math.MaxInt64/max(1, size) {
		b.most = min(b.most, max(freeBytes, l.Ratio*size))
	}
	return b
}

// Err is why the walk ends: an error of the context, of kind binread.ErrLimit, or ErrTime. It is nil while it goes on.
func (b *Budget) Err() error { return b.err }

// Pause stops the clock until the function that it returns is called, which tells for how long it stood.
func (b *Budget) Pause() (resume func() time.Duration) {
	since := time.Now()
	return func() time.Duration {
		paused := time.Since(since)
		b.deadline = b.deadline.Add(paused)
		return paused
	}
}

// Expire ends the walk as one whose time is over.
func (b *Budget) Expire() { b.stop(ErrTime) }

func (b *Budget) member() error {
	if b.members++; b.members > b.limits.Members {
		b.stop(binread.Limit("more than %d members", b.limits.Members))
	}
	return b.spend(0)
}

func (b *Budget) problem() error {
	if b.problems++; b.problems > b.limits.Members {
		b.stop(binread.Limit("more than %d problems", b.limits.Members))
	}
	return b.spend(0)
}

// spend counts n bytes that were unpacked.
func (b *Budget) spend(n int) error {
	b.unpacked += int64(n)
	switch {
	case b.err != nil:
	case b.ctx.Err() != nil:
		b.stop(b.ctx.Err())
	case b.unpacked > b.limits.Unpacked:
		b.stop(binread.Limit("unpacks to more than %d bytes", b.limits.Unpacked))
	case b.unpacked > b.most:
		b.stop(binread.Limit("unpacks to more than %d times its size", b.limits.Ratio))
	case time.Now().After(b.deadline):
		b.stop(ErrTime)
	}
	return b.err
}

// stop keeps the first reason.
func (b *Budget) stop(err error) {
	if b.err == nil {
		b.err = err
	}
}

// meter counts what is read from r. An error of r comes again, which not every reader of compressed files takes care of.
type meter struct {
	r   io.Reader
	b   *Budget
	err error
}

func (w *walker) meter(r io.Reader) *meter { return &meter{r: r, b: w.budget} }

// Read reads, and ends with the budget.
func (m *meter) Read(p []byte) (n int, err error) {
	if m.b.err != nil {
		return 0, m.b.err
	}
	if m.err != nil {
		return 0, m.err
	}
	for n == 0 && m.err == nil && len(p) > 0 {
		n, m.err = m.r.Read(p)
		if stop := m.b.spend(n); stop != nil {
			return n, stop
		}
	}
	return n, m.err
}
