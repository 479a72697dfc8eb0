package guestctl.windows.wdigest_test

import data.guestctl.windows.wdigest

setting(value) := {"value": value, "explicit": true, "source": {"path": "/Windows/System32/config/SYSTEM"}}

pass := {"windows_security": {"lsa": {"wdigest_use_logon_credential": setting(0)}}}

fail := json.patch(pass, [{"op": "replace", "path": "/windows_security/lsa/wdigest_use_logon_credential", "value": setting(1)}])

test_pass if count(wdigest.deny) == 0 with input as pass

# Each setting counts by itself, and one that nobody made is judged as Windows does then.
test_each_setting if {
	every path, bad in {"lsa/wdigest_use_logon_credential": 1} {
		count(wdigest.deny) == 1 with input as json.patch(pass, [{"op": "replace", "path": sprintf("/windows_security/%s", [path]), "value": setting(bad)}])
	}
}

test_fail if {
	some finding in wdigest.deny with input as fail
	finding.evidence == [{"path": "/Windows/System32/config/SYSTEM"}]
	contains(finding.msg, "(/Windows/System32/config/SYSTEM)")
}
