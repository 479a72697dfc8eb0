package guestctl.windows.lm_hash_test

import data.guestctl.windows.lm_hash

setting(value) := {"value": value, "explicit": true, "source": {"path": "/Windows/System32/config/SYSTEM"}}

pass := {"windows_security": {"lsa": {"no_lm_hash": setting(1)}}}

fail := json.patch(pass, [{"op": "replace", "path": "/windows_security/lsa/no_lm_hash", "value": setting(0)}])

test_pass if count(lm_hash.deny) == 0 with input as pass

# Each setting counts by itself, and one that nobody made is judged as Windows does then.
test_each_setting if {
	every path, bad in {"lsa/no_lm_hash": 0} {
		count(lm_hash.deny) == 1 with input as json.patch(pass, [{"op": "replace", "path": sprintf("/windows_security/%s", [path]), "value": setting(bad)}])
	}
}

test_fail if {
	some finding in lm_hash.deny with input as fail
	finding.evidence == [{"path": "/Windows/System32/config/SYSTEM"}]
	contains(finding.msg, "(/Windows/System32/config/SYSTEM)")
}
