package audit

import (
	"context"
	"time"

	"github.com/guestctl/guestctl/backup/boot"
	"github.com/guestctl/guestctl/engine"
	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/engine/guest"
)

// Boot says that a guest has to be proven to boot, and where.
type Boot struct {
	Target   string // one of boot.Targets, or "" for any disk
	Firmware string // one of boot.Firmwares, or "" for boot.FirmwareAuto
}

// prove adds the links of the guest's boot to the checks of the target, where the job asks for it.
func (r *Result) prove(ctx context.Context, t *Target, m *engine.Machine, g *guest.Guest) error {
	if r.job.Backup == nil || r.job.Backup.Boot == nil {
		return nil
	}
	doc, err := m.Facts(ctx, g, facts.Request{Domains: boot.Domains()}, r.job.Now)
	if err != nil {
		return err
	}
	asked := r.job.Backup.Boot
	proof, err := boot.Prove(ctx, m, g, doc, boot.Options{Target: asked.Target, Firmware: asked.Firmware, Now: r.job.Now, Written: written(m)})
	if err != nil {
		return err
	}
	t.Boot = proof
	t.Checks = append(t.Checks, proof.Findings()...)
	return nil
}

// written is when the newest file of the images was written.
func written(m *engine.Machine) (newest time.Time) {
	for _, s := range m.Identity.Stamps {
		if s.Modified.After(newest) {
			newest = s.Modified
		}
	}
	return newest
}
