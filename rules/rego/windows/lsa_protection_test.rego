package guestctl.windows.lsa_protection_test

import data.guestctl.windows.lsa_protection

setting(value) := {"value": value, "explicit": true, "source": {"path": "/Windows/System32/config/SYSTEM"}}

pass := {"windows_security": {"lsa": {"run_as_ppl": setting(1)}}}

fail := json.patch(pass, [{"op": "replace", "path": "/windows_security/lsa/run_as_ppl", "value": setting(0)}])

test_pass if count(lsa_protection.deny) == 0 with input as pass

# Each setting counts by itself, and one that nobody made is judged as Windows does then.
test_each_setting if {
	every path, bad in {"lsa/run_as_ppl": 0} {
		count(lsa_protection.deny) == 1 with input as json.patch(pass, [{"op": "replace", "path": sprintf("/windows_security/%s", [path]), "value": setting(bad)}])
	}
}

test_settings_that_nobody_made if {
	every path, found in {"lsa/run_as_ppl": 1} {
		count(lsa_protection.deny) == found with input as json.patch(pass, [{"op": "replace", "path": sprintf("/windows_security/%s", [path]), "value": null}])
	}
}

test_fail if {
	some finding in lsa_protection.deny with input as fail
	finding.evidence == [{"path": "/Windows/System32/config/SYSTEM"}]
	contains(finding.msg, "(/Windows/System32/config/SYSTEM)")
}
