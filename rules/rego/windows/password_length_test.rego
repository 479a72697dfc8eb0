package guestctl.windows.password_length_test

import data.guestctl.windows.password_length

setting(value) := {"value": value, "explicit": true, "source": {"path": "/Windows/System32/config/SAM"}}

pass := {"windows_account_policy": {"min_length": setting(14)}}

fail := json.patch(pass, [{"op": "replace", "path": "/windows_account_policy/min_length", "value": setting(8)}])

test_pass if count(password_length.deny) == 0 with input as pass

# Each setting counts by itself, and one that nobody made is judged as Windows does then.
test_each_setting if {
	every path, bad in {"min_length": 8} {
		count(password_length.deny) == 1 with input as json.patch(pass, [{"op": "replace", "path": sprintf("/windows_account_policy/%s", [path]), "value": setting(bad)}])
	}
}

test_fail if {
	some finding in password_length.deny with input as fail
	finding.evidence == [{"path": "/Windows/System32/config/SAM"}]
	contains(finding.msg, "(/Windows/System32/config/SAM)")
}
