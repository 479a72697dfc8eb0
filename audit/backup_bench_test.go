package audit_test

import (
	"os"
	"testing"
	"time"

	"github.com/guestctl/guestctl/audit"
	"github.com/guestctl/guestctl/policy"
)

// BenchmarkVerifyBackup verifies the real Debian disk as a run of the program does: tables, structure, digests of packages, initial RAM
// disks; and reads all of it.
func BenchmarkVerifyBackup(b *testing.B) {
	const image = "../build/images/debian12.qcow2"
	if _, err := os.Stat(image); err != nil {
		b.Skipf("%v: build it with make images", err)
	}
	for name, full := range map[string]bool{"default": false, "full": true} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				r, err := audit.Run(b.Context(), audit.Job{
					Images: []string{image}, Policy: &policy.Policy{}, Backup: &audit.Backup{Full: full}, FailOn: audit.Any,
					Now: time.Unix(1_800_000_000, 0),
				})
				if err != nil || r.Summary.Passed != 1 {
					b.Fatal(r.Targets[0].Checks, err)
				}
			}
		})
	}
}
