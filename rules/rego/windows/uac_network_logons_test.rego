package guestctl.windows.uac_network_logons_test

import data.guestctl.windows.uac_network_logons

setting(value) := {"value": value, "explicit": true, "source": {"path": "/Windows/System32/config/SOFTWARE"}}

pass := {"windows_security": {"uac": {"local_account_token_filter": setting(0)}}}

fail := json.patch(pass, [{"op": "replace", "path": "/windows_security/uac/local_account_token_filter", "value": setting(1)}])

test_pass if count(uac_network_logons.deny) == 0 with input as pass

# Each setting counts by itself, and one that nobody made is judged as Windows does then.
test_each_setting if {
	every path, bad in {"uac/local_account_token_filter": 1} {
		count(uac_network_logons.deny) == 1 with input as json.patch(pass, [{"op": "replace", "path": sprintf("/windows_security/%s", [path]), "value": setting(bad)}])
	}
}

test_fail if {
	some finding in uac_network_logons.deny with input as fail
	finding.evidence == [{"path": "/Windows/System32/config/SOFTWARE"}]
	contains(finding.msg, "(/Windows/System32/config/SOFTWARE)")
}
