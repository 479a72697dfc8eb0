package guestctl.windows.llmnr_test

import data.guestctl.windows.llmnr

setting(value) := {"value": value, "explicit": true, "source": {"path": "/Windows/System32/config/SOFTWARE"}}

pass := {"windows_security": {"network": {"enable_multicast": setting(0)}}}

fail := json.patch(pass, [{"op": "replace", "path": "/windows_security/network/enable_multicast", "value": setting(1)}])

test_pass if count(llmnr.deny) == 0 with input as pass

# Each setting counts by itself, and one that nobody made is judged as Windows does then.
test_each_setting if {
	every path, bad in {"network/enable_multicast": 1} {
		count(llmnr.deny) == 1 with input as json.patch(pass, [{"op": "replace", "path": sprintf("/windows_security/%s", [path]), "value": setting(bad)}])
	}
}

test_settings_that_nobody_made if {
	every path, found in {"network/enable_multicast": 1} {
		count(llmnr.deny) == found with input as json.patch(pass, [{"op": "replace", "path": sprintf("/windows_security/%s", [path]), "value": null}])
	}
}

test_fail if {
	some finding in llmnr.deny with input as fail
	finding.evidence == [{"path": "/Windows/System32/config/SOFTWARE"}]
	contains(finding.msg, "(/Windows/System32/config/SOFTWARE)")
}
