package intact

import (
	"context"

	"github.com/guestctl/guestctl/engine"
	"github.com/guestctl/guestctl/engine/filesys"
)

// content has the file system hold all content against the checksums that it keeps.
func (v *verifier) content(ctx context.Context, r *report, vol *engine.Volume, c filesys.Verified) {
	reported := uint64(0)
	report := r.structural(vol)
	verified, err := c.VerifyContent(ctx, func(d filesys.Damage) {
		reported++
		report(d)
	})
	r.more(verified.Damage, reported)
	if err != nil {
		r.unknown("%s: the verification of content did not end: %v", vol.Name, err)
	}
	for _, u := range verified.Unchecked {
		r.unknown("%s: %s", vol.Name, u)
	}
	r.note("%s: %d bytes of content were held against their checksums", vol.Name, verified.Bytes)
	if n := verified.Without; n > 0 {
		r.note("%s: %s without checksums of the content", vol.Name, count(int(min(n, 1<<30)), "file", "files"))
	}
}
