package guestctl.windows.inactivity_lock_test

import data.guestctl.windows.inactivity_lock

setting(value) := {"value": value, "explicit": true, "source": {"path": "/Windows/System32/config/SOFTWARE"}}

pass := {"windows_security": {"logon": {"inactivity_timeout_secs": setting(900)}}}

fail := json.patch(pass, [{"op": "replace", "path": "/windows_security/logon/inactivity_timeout_secs", "value": setting(0)}])

test_pass if count(inactivity_lock.deny) == 0 with input as pass

# Each setting counts by itself, and one that nobody made is judged as Windows does then.
test_each_setting if {
	every path, bad in {"logon/inactivity_timeout_secs": 0} {
		count(inactivity_lock.deny) == 1 with input as json.patch(pass, [{"op": "replace", "path": sprintf("/windows_security/%s", [path]), "value": setting(bad)}])
	}
}

test_fail if {
	some finding in inactivity_lock.deny with input as fail
	finding.evidence == [{"path": "/Windows/System32/config/SOFTWARE"}]
	contains(finding.msg, "(/Windows/System32/config/SOFTWARE)")
}
