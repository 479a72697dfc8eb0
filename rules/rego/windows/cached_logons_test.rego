package guestctl.windows.cached_logons_test

import data.guestctl.windows.cached_logons

setting(value) := {"value": value, "explicit": true, "source": {"path": "/Windows/System32/config/SOFTWARE"}}

pass := {"windows_security": {"logon": {"cached_logons_count": setting(4)}}}

fail := json.patch(pass, [{"op": "replace", "path": "/windows_security/logon/cached_logons_count", "value": setting(10)}])

test_pass if count(cached_logons.deny) == 0 with input as pass

# Each setting counts by itself, and one that nobody made is judged as Windows does then.
test_each_setting if {
	every path, bad in {"logon/cached_logons_count": 10} {
		count(cached_logons.deny) == 1 with input as json.patch(pass, [{"op": "replace", "path": sprintf("/windows_security/%s", [path]), "value": setting(bad)}])
	}
}

test_fail if {
	some finding in cached_logons.deny with input as fail
	finding.evidence == [{"path": "/Windows/System32/config/SOFTWARE"}]
	contains(finding.msg, "(/Windows/System32/config/SOFTWARE)")
}
