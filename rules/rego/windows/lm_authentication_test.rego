package guestctl.windows.lm_authentication_test

import data.guestctl.windows.lm_authentication

setting(value) := {"value": value, "explicit": true, "source": {"path": "/Windows/System32/config/SYSTEM"}}

pass := {"windows_security": {"lsa": {"lm_compatibility_level": setting(5)}}}

fail := json.patch(pass, [{"op": "replace", "path": "/windows_security/lsa/lm_compatibility_level", "value": setting(3)}])

test_pass if count(lm_authentication.deny) == 0 with input as pass

# Each setting counts by itself, and one that nobody made is judged as Windows does then.
test_each_setting if {
	every path, bad in {"lsa/lm_compatibility_level": 3} {
		count(lm_authentication.deny) == 1 with input as json.patch(pass, [{"op": "replace", "path": sprintf("/windows_security/%s", [path]), "value": setting(bad)}])
	}
}

test_settings_that_nobody_made if {
	every path, found in {"lsa/lm_compatibility_level": 1} {
		count(lm_authentication.deny) == found with input as json.patch(pass, [{"op": "replace", "path": sprintf("/windows_security/%s", [path]), "value": null}])
	}
}

test_fail if {
	some finding in lm_authentication.deny with input as fail
	finding.evidence == [{"path": "/Windows/System32/config/SYSTEM"}]
	contains(finding.msg, "(/Windows/System32/config/SYSTEM)")
}
