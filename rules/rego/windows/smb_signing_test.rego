package guestctl.windows.smb_signing_test

import data.guestctl.windows.smb_signing

setting(value) := {"value": value, "explicit": true, "source": {"path": "/Windows/System32/config/SYSTEM"}}

pass := {"windows_security": {"smb": {"server_signing_required": setting(1), "client_signing_required": setting(1)}}}

fail := json.patch(pass, [{"op": "replace", "path": "/windows_security/smb/server_signing_required", "value": setting(0)}])

test_pass if count(smb_signing.deny) == 0 with input as pass

# Each setting counts by itself, and one that nobody made is judged as Windows does then.
test_each_setting if {
	every path, bad in {"smb/server_signing_required": 0, "smb/client_signing_required": 0} {
		count(smb_signing.deny) == 1 with input as json.patch(pass, [{"op": "replace", "path": sprintf("/windows_security/%s", [path]), "value": setting(bad)}])
	}
}

test_settings_that_nobody_made if {
	every path, found in {"smb/server_signing_required": 1, "smb/client_signing_required": 1} {
		count(smb_signing.deny) == found with input as json.patch(pass, [{"op": "replace", "path": sprintf("/windows_security/%s", [path]), "value": null}])
	}
}

test_fail if {
	some finding in smb_signing.deny with input as fail
	finding.evidence == [{"path": "/Windows/System32/config/SYSTEM"}]
	contains(finding.msg, "(/Windows/System32/config/SYSTEM)")
}
