package guestctl.windows.pending_reboot_test

import data.guestctl.windows.pending_reboot

guest(reasons) := {"windows_reboot": {"pending": count(reasons) > 0, "reasons": reasons}}

pass := guest([])

fail := guest([{"reason": "servicing", "count": 1, "source": {"path": "/Windows/System32/config/SOFTWARE"}}])

test_pass if count(pending_reboot.deny) == 0 with input as pass

test_fail if {
	some finding in pending_reboot.deny with input as fail
	finding.msg == "a restart is pending: servicing"
	finding.evidence == [{"path": "/Windows/System32/config/SOFTWARE"}]
}
