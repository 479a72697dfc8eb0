package guestctl.windows.password_age_test

import data.guestctl.windows.password_age

setting(value) := {"value": value, "explicit": true, "source": {"path": "/Windows/System32/config/SAM"}}

pass := {"windows_account_policy": {"max_age_days": setting(365)}}

fail := json.patch(pass, [{"op": "replace", "path": "/windows_account_policy/max_age_days", "value": setting(0)}])

test_pass if count(password_age.deny) == 0 with input as pass

# Each setting counts by itself, and one that nobody made is judged as Windows does then.
test_each_setting if {
	every path, bad in {"max_age_days": 0} {
		count(password_age.deny) == 1 with input as json.patch(pass, [{"op": "replace", "path": sprintf("/windows_account_policy/%s", [path]), "value": setting(bad)}])
	}
}

test_fail if {
	some finding in password_age.deny with input as fail
	finding.evidence == [{"path": "/Windows/System32/config/SAM"}]
	contains(finding.msg, "(/Windows/System32/config/SAM)")
}
