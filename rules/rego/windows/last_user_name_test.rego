package guestctl.windows.last_user_name_test

import data.guestctl.windows.last_user_name

setting(value) := {"value": value, "explicit": true, "source": {"path": "/Windows/System32/config/SOFTWARE"}}

pass := {"windows_security": {"logon": {"dont_display_last_user_name": setting(1)}}}

fail := json.patch(pass, [{"op": "replace", "path": "/windows_security/logon/dont_display_last_user_name", "value": setting(0)}])

test_pass if count(last_user_name.deny) == 0 with input as pass

# Each setting counts by itself, and one that nobody made is judged as Windows does then.
test_each_setting if {
	every path, bad in {"logon/dont_display_last_user_name": 0} {
		count(last_user_name.deny) == 1 with input as json.patch(pass, [{"op": "replace", "path": sprintf("/windows_security/%s", [path]), "value": setting(bad)}])
	}
}

test_fail if {
	some finding in last_user_name.deny with input as fail
	finding.evidence == [{"path": "/Windows/System32/config/SOFTWARE"}]
	contains(finding.msg, "(/Windows/System32/config/SOFTWARE)")
}
