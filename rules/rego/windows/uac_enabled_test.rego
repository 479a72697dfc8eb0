package guestctl.windows.uac_enabled_test

import data.guestctl.windows.uac_enabled

setting(value) := {"value": value, "explicit": true, "source": {"path": "/Windows/System32/config/SOFTWARE"}}

pass := {"windows_security": {"uac": {"enabled": setting(1), "secure_desktop": setting(1)}}}

fail := json.patch(pass, [{"op": "replace", "path": "/windows_security/uac/enabled", "value": setting(0)}])

test_pass if count(uac_enabled.deny) == 0 with input as pass

# Each setting counts by itself, and one that nobody made is judged as Windows does then.
test_each_setting if {
	every path, bad in {"uac/enabled": 0, "uac/secure_desktop": 0} {
		count(uac_enabled.deny) == 1 with input as json.patch(pass, [{"op": "replace", "path": sprintf("/windows_security/%s", [path]), "value": setting(bad)}])
	}
}

test_fail if {
	some finding in uac_enabled.deny with input as fail
	finding.evidence == [{"path": "/Windows/System32/config/SOFTWARE"}]
	contains(finding.msg, "(/Windows/System32/config/SOFTWARE)")
}
