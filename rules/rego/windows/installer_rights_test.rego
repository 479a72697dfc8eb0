package guestctl.windows.installer_rights_test

import data.guestctl.windows.installer_rights

setting(value) := {"value": value, "explicit": true, "source": {"path": "/Windows/System32/config/SOFTWARE"}}

pass := {"windows_security": {"system": {"always_install_elevated": setting(0)}}}

fail := json.patch(pass, [{"op": "replace", "path": "/windows_security/system/always_install_elevated", "value": setting(1)}])

test_pass if count(installer_rights.deny) == 0 with input as pass

# Each setting counts by itself, and one that nobody made is judged as Windows does then.
test_each_setting if {
	every path, bad in {"system/always_install_elevated": 1} {
		count(installer_rights.deny) == 1 with input as json.patch(pass, [{"op": "replace", "path": sprintf("/windows_security/%s", [path]), "value": setting(bad)}])
	}
}

test_fail if {
	some finding in installer_rights.deny with input as fail
	finding.evidence == [{"path": "/Windows/System32/config/SOFTWARE"}]
	contains(finding.msg, "(/Windows/System32/config/SOFTWARE)")
}
