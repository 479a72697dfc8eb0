package guestctl.windows.anonymous_access_test

import data.guestctl.windows.anonymous_access

setting(value) := {"value": value, "explicit": true, "source": {"path": "/Windows/System32/config/SYSTEM"}}

pass := {"windows_security": {"lsa": {"restrict_anonymous": setting(1), "restrict_anonymous_sam": setting(1), "everyone_includes_anonymous": setting(0)}, "smb": {"restrict_null_session_access": setting(1)}}}

fail := json.patch(pass, [{"op": "replace", "path": "/windows_security/lsa/restrict_anonymous", "value": setting(0)}])

test_pass if count(anonymous_access.deny) == 0 with input as pass

# Each setting counts by itself, and one that nobody made is judged as Windows does then.
test_each_setting if {
	every path, bad in {"lsa/restrict_anonymous": 0, "lsa/restrict_anonymous_sam": 0, "lsa/everyone_includes_anonymous": 1, "smb/restrict_null_session_access": 0} {
		count(anonymous_access.deny) == 1 with input as json.patch(pass, [{"op": "replace", "path": sprintf("/windows_security/%s", [path]), "value": setting(bad)}])
	}
}

test_fail if {
	some finding in anonymous_access.deny with input as fail
	finding.evidence == [{"path": "/Windows/System32/config/SYSTEM"}]
	contains(finding.msg, "(/Windows/System32/config/SYSTEM)")
}
