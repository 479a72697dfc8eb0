package guestctl.windows.blank_passwords_test

import data.guestctl.windows.blank_passwords

setting(value) := {"value": value, "explicit": true, "source": {"path": "/Windows/System32/config/SYSTEM"}}

pass := {"windows_security": {"lsa": {"limit_blank_password_use": setting(1)}}}

fail := json.patch(pass, [{"op": "replace", "path": "/windows_security/lsa/limit_blank_password_use", "value": setting(0)}])

test_pass if count(blank_passwords.deny) == 0 with input as pass

# Each setting counts by itself, and one that nobody made is judged as Windows does then.
test_each_setting if {
	every path, bad in {"lsa/limit_blank_password_use": 0} {
		count(blank_passwords.deny) == 1 with input as json.patch(pass, [{"op": "replace", "path": sprintf("/windows_security/%s", [path]), "value": setting(bad)}])
	}
}

test_fail if {
	some finding in blank_passwords.deny with input as fail
	finding.evidence == [{"path": "/Windows/System32/config/SYSTEM"}]
	contains(finding.msg, "(/Windows/System32/config/SYSTEM)")
}
