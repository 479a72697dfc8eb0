package intact

import (
	"context"
	"fmt"
	"strings"

	"github.com/guestctl/guestctl/engine"
	"github.com/guestctl/guestctl/engine/appliance"
	"github.com/guestctl/guestctl/engine/image"
)

// described holds the size of a disk against what its description says.
func (r *report) described(i int, d engine.Disk) {
	if d.Described == 0 || d.Described == d.Size() {
		return
	}
	harm := image.Doubtful
	if d.Size() < d.Described {
		harm = image.Damaged
	}
	r.damage(containerDamage(i, image.Damage{
		Harm: harm, File: d.Part, Host: image.Nowhere, Guest: image.Nowhere, Units: 1,
		Problem: fmt.Sprintf("a disk of %d bytes, the description of the machine says %d", d.Size(), d.Described),
	}), 1)
}

// appliance verifies the files of an appliance, and says what was held against what.
func (v *verifier) appliance(ctx context.Context, r *report, m *appliance.Machine) string {
	for _, p := range m.Problems {
		r.unknown("%s: %s", m.Format, p)
	}
	if m.Package == nil {
		return ""
	}
	verified, err := m.Package.Verify(ctx, appliance.VerifyOptions{
		Started: v.Started, Progress: v.Progress,
		Damage: func(file, problem string, doubtful bool) {
			d := image.Damage{Harm: image.Damaged, Problem: problem, File: file, Host: image.Nowhere, Guest: image.Nowhere, Units: 1}
			if doubtful {
				d.Harm = image.Doubtful
			}
			r.damage(containerDamage(v.diskOf(file), d), 1)
		},
	})
	if err != nil {
		r.unknown("%s: %v", m.Format, err)
	}
	if m.Package.Certificate != "" {
		r.note("the signature in %q is not verified", m.Package.Certificate)
	}
	if m.Package.Manifest == "" {
		return m.Format + ": no manifest has digests of its files"
	}
	noun := "files have"
	if verified.Files == 1 {
		noun = "file has"
	}
	return fmt.Sprintf("%s: %d %s the digest that the manifest says (%s)", m.Format, verified.Files, noun, strings.Join(verified.Algorithms, ", "))
}

// diskOf is the disk that a file of an appliance is; the first where it is none.
func (v *verifier) diskOf(file string) int {
	for i, d := range v.machine.Disks {
		if d.Part == file {
			return i
		}
	}
	return 0
}
