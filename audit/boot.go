package audit

import (
	"context"

	"github.com/guestctl/guestctl/backup/boot"
	"github.com/guestctl/guestctl/engine"
	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/engine/guest"
	"github.com/guestctl/guestctl/policy"
)

// Boot says that a guest has to be proven to boot, and where.
type Boot struct {
	Target   string // one of boot.Targets, or "" for any disk
	Firmware string // one of boot.Firmwares, or "" for boot.FirmwareAuto
}

// prove adds the links of the guest's boot to the checks of the target, where the job or the policy asks for it.
func (r *Result) prove(ctx context.Context, t *Target, m *engine.Machine, g *guest.Guest, asked backupAsked) error {
	want := r.bootAsked(asked)
	if want == nil {
		return nil
	}
	doc, err := m.Facts(ctx, g, facts.Request{Domains: boot.Domains()}, r.job.Now)
	if err != nil {
		return err
	}
	proof, err := boot.Prove(ctx, m, g, doc, boot.Options{Target: want.Target, Firmware: want.Firmware})
	if err != nil {
		return err
	}
	t.Boot = proof
	for _, f := range proof.Findings() {
		t.Checks = append(t.Checks, asked.by(policy.BootableCheck, f))
	}
	return nil
}
