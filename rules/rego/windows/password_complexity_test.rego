package guestctl.windows.password_complexity_test

import data.guestctl.windows.password_complexity

setting(value) := {"value": value, "explicit": true, "source": {"path": "/Windows/System32/config/SAM"}}

pass := {"windows_account_policy": {"complexity": setting(true), "reversible": setting(false)}}

fail := json.patch(pass, [{"op": "replace", "path": "/windows_account_policy/complexity", "value": setting(false)}])

test_pass if count(password_complexity.deny) == 0 with input as pass

# Each setting counts by itself, and one that nobody made is judged as Windows does then.
test_each_setting if {
	every path, bad in {"complexity": false, "reversible": true} {
		count(password_complexity.deny) == 1 with input as json.patch(pass, [{"op": "replace", "path": sprintf("/windows_account_policy/%s", [path]), "value": setting(bad)}])
	}
}

test_fail if {
	some finding in password_complexity.deny with input as fail
	finding.evidence == [{"path": "/Windows/System32/config/SAM"}]
	contains(finding.msg, "(/Windows/System32/config/SAM)")
}
