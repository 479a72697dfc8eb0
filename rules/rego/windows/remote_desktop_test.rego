package guestctl.windows.remote_desktop_test

import data.guestctl.windows.remote_desktop

guest(enabled) := {"windows_remote": {"rdp": {"enabled": {"value": enabled, "source": {"path": "/Windows/System32/config/SYSTEM"}}}}}

pass := guest(false)

fail := guest(true)

test_pass if count(remote_desktop.deny) == 0 with input as pass

test_fail if {
	some finding in remote_desktop.deny with input as fail
	finding.msg == "remote desktop is true, want false (/Windows/System32/config/SYSTEM)"
}

test_wanted if not remote_desktop.applicable with data.guestctl.params as {"windows-remote-desktop": {"wanted": true}}
