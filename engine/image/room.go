package image

import (
	"sync/atomic"

	"github.com/guestctl/guestctl/engine/binread"
)

// DefaultRoom is how many bytes the compressed images of a machine may have together when they are unpacked, where nobody says more.
const DefaultRoom = 512 << 30

// Room is how much may be unpacked, by all images of a machine together. The zero value has DefaultRoom. It is safe for concurrent use.
type Room struct {
	Most int64 // bytes; 0 is DefaultRoom
	// Interrupted is asked now and then while something is unpacked, and ends that with its error; nil is never.
	Interrupted func() error

	taken atomic.Int64
}

// Take takes n bytes, which are given back to nobody. It is an error (binread.ErrLimit) that they are not there.
func (r *Room) Take(n int64) error {
	most := r.Most
	if most == 0 {
		most = DefaultRoom
	}
	for {
		taken := r.taken.Load()
		if n < 0 || n > most-taken {
			return binread.WithHint(binread.Limit("more than %d bytes when it is unpacked", most),
				"a larger --max-unpacked allows more, for which the directory for temporary files (TMPDIR) needs room")
		}
		if r.taken.CompareAndSwap(taken, taken+n) {
			return nil
		}
	}
}

// Check returns the error of Interrupted.
func (r *Room) Check() error {
	if r.Interrupted == nil {
		return nil
	}
	return r.Interrupted()
}
