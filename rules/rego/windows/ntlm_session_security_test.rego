package guestctl.windows.ntlm_session_security_test

import data.guestctl.windows.ntlm_session_security

setting(value) := {"value": value, "explicit": true, "source": {"path": "/Windows/System32/config/SYSTEM"}}

pass := {"windows_security": {"lsa": {"ntlm_min_client_sec": setting(537395200), "ntlm_min_server_sec": setting(537395200)}}}

fail := json.patch(pass, [{"op": "replace", "path": "/windows_security/lsa/ntlm_min_client_sec", "value": setting(536870912)}])

test_pass if count(ntlm_session_security.deny) == 0 with input as pass

# Each setting counts by itself, and one that nobody made is judged as Windows does then.
test_each_setting if {
	every path, bad in {"lsa/ntlm_min_client_sec": 536870912, "lsa/ntlm_min_server_sec": 536870912} {
		count(ntlm_session_security.deny) == 1 with input as json.patch(pass, [{"op": "replace", "path": sprintf("/windows_security/%s", [path]), "value": setting(bad)}])
	}
}

test_fail if {
	some finding in ntlm_session_security.deny with input as fail
	finding.evidence == [{"path": "/Windows/System32/config/SYSTEM"}]
	contains(finding.msg, "(/Windows/System32/config/SYSTEM)")
}
