package policy

import (
	"testing"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/finding"
)

// TestServicesOfWindows minds that their names have no case, and that one that is started by hand is not off.
func TestServicesOfWindows(t *testing.T) {
	units := facts.Units{
		"RemoteRegistry": {Init: "windows", State: "disabled"}, "WinRM": {Init: "windows", State: "enabled", Starts: "boot"},
		"sshd": {Init: "windows", State: "manual"}, "W32Time": {Init: "windows", State: "manual", Starts: "trigger", TriggeredBy: []string{"TriggerInfo"}},
		"Odd": {Init: "windows", State: "bad", Starts: "boot"},
	}
	judges := map[string]func(serviceFacts) Outcome{"enabled": judgeEnabled, "disabled": judgeDisabled, "masked": judgeMasked, "absent": judgeAbsent}
	for name, wants := range map[string]map[string]finding.Status{
		"remoteregistry": {"enabled": finding.Fail, "disabled": finding.Pass, "masked": finding.Pass, "absent": finding.Fail},
		"WINRM":          {"enabled": finding.Pass, "disabled": finding.Fail, "masked": finding.Fail, "absent": finding.Fail},
		"sshd":           {"enabled": finding.Fail, "disabled": finding.Fail, "masked": finding.Fail, "absent": finding.Fail},
		"w32time":        {"enabled": finding.Pass, "disabled": finding.Fail, "masked": finding.Fail, "absent": finding.Fail},
		"odd":            {"enabled": finding.Unknown, "disabled": finding.Unknown, "masked": finding.Unknown, "absent": finding.Unknown},
		"TlntSvr":        {"enabled": finding.Fail, "disabled": finding.Pass, "absent": finding.Pass},
	} {
		for list, want := range wants {
			o := judges[list](findUnit(units, name))
			if o.Status != want || name != "TlntSvr" && o.Fix != "" {
				t.Errorf("%s %s: got %s (%s), fix %q, want %s", list, name, o.Status, o.Message, o.Fix, want)
			}
		}
	}
}
