package audit_test

import (
	"os"
	"testing"
	"time"

	"github.com/guestctl/guestctl/audit"
	"github.com/guestctl/guestctl/policy"
)

// BenchmarkBuiltinChecks loads the built-in baseline, gathers its facts from the real Debian 12 and judges them, as one run of the
// program does without a cache.
func BenchmarkBuiltinChecks(b *testing.B) {
	const image = "../build/images/debian12.raw"
	if _, err := os.Stat(image); err != nil {
		b.Skipf("%v: build it with make images", err)
	}
	for b.Loop() {
		p, err := policy.Load([]string{"builtin:linux-server"}, policy.Options{})
		if err != nil {
			b.Fatal(err)
		}
		r, err := audit.Run(b.Context(), audit.Job{Images: []string{image}, Policy: p, FailOn: audit.Any, Now: time.Unix(1_800_000_000, 0)})
		if err != nil || len(r.Targets[0].Checks) < 100 {
			b.Fatal(err, len(r.Targets))
		}
	}
}
