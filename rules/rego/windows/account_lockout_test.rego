package guestctl.windows.account_lockout_test

import data.guestctl.windows.account_lockout

setting(value) := {"value": value, "explicit": true, "source": {"path": "/Windows/System32/config/SAM"}}

guest(threshold, minutes, window) := {"windows_account_policy": {
	"lockout_threshold": setting(threshold),
	"lockout_minutes": setting(minutes),
	"window_minutes": setting(window),
}}

pass := guest(5, 15, 15)

fail := guest(0, 15, 15)

test_pass if count(account_lockout.deny) == 0 with input as pass

test_until_somebody_unlocks if count(account_lockout.deny) == 0 with input as guest(5, 0, 15)

test_fail if {
	some finding in account_lockout.deny with input as fail
	finding.msg == "wrong passwords is 0, want 1 to 5 (/Windows/System32/config/SAM)"
}

test_each if {
	every found in [guest(6, 15, 15), guest(5, 14, 15), guest(5, 15, 14)] {
		count(account_lockout.deny) == 1 with input as found
	}
}
