package audit

import (
	"slices"
	"testing"

	"github.com/guestctl/guestctl/backup/boot"
	"github.com/guestctl/guestctl/policy"
)

// TestBaselinesKnowTheTargets holds the words of baselines against those of the judge, which the judges' layer keeps apart.
func TestBaselinesKnowTheTargets(t *testing.T) {
	if !slices.Equal(policy.BootTargets(), boot.Targets()) {
		t.Errorf("baselines know %q, the judge %q", policy.BootTargets(), boot.Targets())
	}
	for _, name := range policy.BootFirmwares() {
		if !slices.Contains(boot.Firmwares(), name) {
			t.Errorf("baselines know %s, the judge %q", name, boot.Firmwares())
		}
	}
}
