package guestctl.windows.winrm_test

import data.guestctl.windows.winrm

setting(value) := {"value": value, "explicit": true, "source": {"path": "/Windows/System32/config/SOFTWARE"}}

pass := {"windows_remote": {"winrm": {"service_allow_basic": setting(0), "service_allow_unencrypted": setting(0), "client_allow_basic": setting(0), "client_allow_unencrypted": setting(0)}}}

fail := json.patch(pass, [{"op": "replace", "path": "/windows_remote/winrm/service_allow_basic", "value": setting(1)}])

test_pass if count(winrm.deny) == 0 with input as pass

# Each setting counts by itself, and one that nobody made is judged as Windows does then.
test_each_setting if {
	every path, bad in {"winrm/service_allow_basic": 1, "winrm/service_allow_unencrypted": 1, "winrm/client_allow_basic": 1, "winrm/client_allow_unencrypted": 1} {
		count(winrm.deny) == 1 with input as json.patch(pass, [{"op": "replace", "path": sprintf("/windows_remote/%s", [path]), "value": setting(bad)}])
	}
}

test_settings_that_nobody_made if {
	every path, found in {"winrm/service_allow_basic": 0, "winrm/service_allow_unencrypted": 0, "winrm/client_allow_basic": 1, "winrm/client_allow_unencrypted": 0} {
		count(winrm.deny) == found with input as json.patch(pass, [{"op": "replace", "path": sprintf("/windows_remote/%s", [path]), "value": null}])
	}
}

test_fail if {
	some finding in winrm.deny with input as fail
	finding.evidence == [{"path": "/Windows/System32/config/SOFTWARE"}]
	contains(finding.msg, "(/Windows/System32/config/SOFTWARE)")
}
