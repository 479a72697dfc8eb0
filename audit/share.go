package audit

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"time"

	"github.com/guestctl/guestctl/backup/cycle"
	"github.com/guestctl/guestctl/backup/intact"
	"github.com/guestctl/guestctl/engine"
	"github.com/guestctl/guestctl/engine/image"
)

// Share has each run read a share of the bytes of every image: as much as the budget allows, from where the last run stopped.
type Share struct {
	Budget func() cycle.Budget // of one image; it begins with the call
	Within time.Duration       // in which all of an image is to be read; 0 leaves it to the policy
	// Load returns how far earlier runs came with an image that is called name, and Keep keeps it. What subject says is another one for
	// every state of the image.
	Load func(name, subject string, size int64) (*cycle.State, error)
	Keep func(name string, s *cycle.State) error
}

// verifyShare verifies the disks, and reads a share of them. What an image that changed had read of it counts for nothing.
func (r *Result) verifyShare(ctx context.Context, m *engine.Machine) (*intact.Verification, error) {
	share, name, size := r.job.Backup.Share, m.Disks[0].Name, int64(0)
	for _, d := range m.Disks {
		size += d.Size()
	}
	opts := r.job.Backup.options()
	opts.Share = &intact.Share{Budget: share.Budget(), State: cycle.Begin("", size), Now: r.job.Now, Within: cmp.Or(share.Within, r.job.Policy.Backup.ReadAllWithin)}
	switch now := time.Now(); { // the clock of the host's files
	case m.Identity.Settled:
		state, err := share.Load(name, r.stateOf(m), size)
		if err != nil {
			return nil, err
		}
		opts.Share.State = state
	case slices.ContainsFunc(m.Identity.Stamps, func(s image.Stamp) bool { return s.Device || s.Modified.After(now) || s.Changed.After(now) }):
		opts.Share.NotKnown = "nothing tells whether it was written to since the last run, such as the times of a file: each run begins anew"
	default:
		opts.Share.NotKept = "the image was written to in the moment before this run: the next run begins anew"
	}
	v, err := intact.Verify(ctx, m, opts)
	if err != nil || !m.Identity.Settled || m.Unchanged() != nil {
		return v, err
	}
	return v, share.Keep(name, opts.Share.State)
}

// stateOf tells the state of what is verified from any other.
func (r *Result) stateOf(m *engine.Machine) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%q %q", m.Identity.Digest, r.job.Engine.Snapshot))
	return hex.EncodeToString(sum[:])
}
