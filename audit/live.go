package audit

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/guestctl/guestctl/backup/live"
	"github.com/guestctl/guestctl/engine"
	"github.com/guestctl/guestctl/finding"
)

// bootFor boots the guest on the machine's disks for real, where the job asks for it.
func (r *Result) bootFor(ctx context.Context, t *Target, m *engine.Machine) error {
	if r.job.Backup == nil || r.job.Backup.Live == nil {
		return nil
	}
	opts := *r.job.Backup.Live
	opts.Tool = r.job.Tool
	if opts.Evidence != "" {
		opts.Evidence = filepath.Join(opts.Evidence, r.folder(t))
	}
	if say := opts.Said; say != nil && len(r.job.Images) > 1 {
		opts.Said = func(step string) { say(t.Image + ": " + step) }
	}
	run, err := live.Boot(ctx, m, opts)
	if err != nil {
		return err
	}
	t.BootRun = run
	t.Checks = append(t.Checks, run.Finding())
	return nil
}

// folder names the folder of a target's evidence: after the file of its image, and its number where several are called the same, and
// the device of its root where there is one.
func (r *Result) folder(t *Target) string {
	name, same := filepath.Base(t.Image), 0
	for _, image := range r.job.Images {
		if image == t.Image {
			break
		}
		if filepath.Base(image) == name {
			same++
		}
	}
	if same > 0 {
		name = fmt.Sprintf("%s-%d", name, same+1)
	}
	if t.Root != nil && r.job.Root == "all" {
		name += "-" + strings.ReplaceAll(t.Root.Called(), "/", "-")
	}
	return name
}

// notBooted says of a target without an image that it cannot be booted.
func (r *Result) notBooted(t *Target) {
	if r.job.Backup == nil || r.job.Backup.Live == nil {
		return
	}
	f := (&live.Trial{Outcome: live.Inconclusive, Message: "needs the disk itself, and stored facts have none: name the image"}).Finding()
	f.Status = finding.Unknown
	t.Checks = append(t.Checks, f)
}
