package guestctl.windows.autorun_test

import data.guestctl.windows.autorun

setting(value) := {"value": value, "explicit": true, "source": {"path": "/Windows/System32/config/SOFTWARE"}}

pass := {"windows_security": {"system": {"no_drive_type_auto_run": setting(255), "no_autorun": setting(1)}}}

fail := json.patch(pass, [{"op": "replace", "path": "/windows_security/system/no_drive_type_auto_run", "value": setting(145)}])

test_pass if count(autorun.deny) == 0 with input as pass

# Each setting counts by itself, and one that nobody made is judged as Windows does then.
test_each_setting if {
	every path, bad in {"system/no_drive_type_auto_run": 145, "system/no_autorun": 0} {
		count(autorun.deny) == 1 with input as json.patch(pass, [{"op": "replace", "path": sprintf("/windows_security/%s", [path]), "value": setting(bad)}])
	}
}

test_settings_that_nobody_made if {
	every path, found in {"system/no_drive_type_auto_run": 1, "system/no_autorun": 1} {
		count(autorun.deny) == found with input as json.patch(pass, [{"op": "replace", "path": sprintf("/windows_security/%s", [path]), "value": null}])
	}
}

test_fail if {
	some finding in autorun.deny with input as fail
	finding.evidence == [{"path": "/Windows/System32/config/SOFTWARE"}]
	contains(finding.msg, "(/Windows/System32/config/SOFTWARE)")
}
