package guestctl.windows.ldap_signing_test

import data.guestctl.windows.ldap_signing

setting(value) := {"value": value, "explicit": true, "source": {"path": "/Windows/System32/config/SYSTEM"}}

pass := {"windows_security": {"lsa": {"ldap_client_integrity": setting(1)}}}

fail := json.patch(pass, [{"op": "replace", "path": "/windows_security/lsa/ldap_client_integrity", "value": setting(0)}])

test_pass if count(ldap_signing.deny) == 0 with input as pass

# Each setting counts by itself, and one that nobody made is judged as Windows does then.
test_each_setting if {
	every path, bad in {"lsa/ldap_client_integrity": 0} {
		count(ldap_signing.deny) == 1 with input as json.patch(pass, [{"op": "replace", "path": sprintf("/windows_security/%s", [path]), "value": setting(bad)}])
	}
}

test_fail if {
	some finding in ldap_signing.deny with input as fail
	finding.evidence == [{"path": "/Windows/System32/config/SYSTEM"}]
	contains(finding.msg, "(/Windows/System32/config/SYSTEM)")
}
