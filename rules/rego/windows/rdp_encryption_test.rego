package guestctl.windows.rdp_encryption_test

import data.guestctl.windows.rdp_encryption

setting(value) := {"value": value, "explicit": true, "source": {"path": "/Windows/System32/config/SYSTEM"}}

pass := {"windows_remote": object.union({"rdp": {"security_layer": setting(2), "min_encryption_level": setting(3)}}, {"rdp": {"enabled": {"value": true}}})}

fail := json.patch(pass, [{"op": "replace", "path": "/windows_remote/rdp/security_layer", "value": setting(0)}])

test_pass if count(rdp_encryption.deny) == 0 with input as pass

# Each setting counts by itself, and one that nobody made is judged as Windows does then.
test_each_setting if {
	every path, bad in {"rdp/security_layer": 0, "rdp/min_encryption_level": 1} {
		count(rdp_encryption.deny) == 1 with input as json.patch(pass, [{"op": "replace", "path": sprintf("/windows_remote/%s", [path]), "value": setting(bad)}])
	}
}

test_settings_that_nobody_made if {
	every path, found in {"rdp/security_layer": 1, "rdp/min_encryption_level": 1} {
		count(rdp_encryption.deny) == found with input as json.patch(pass, [{"op": "replace", "path": sprintf("/windows_remote/%s", [path]), "value": null}])
	}
}

test_fail if {
	some finding in rdp_encryption.deny with input as fail
	finding.evidence == [{"path": "/Windows/System32/config/SYSTEM"}]
	contains(finding.msg, "(/Windows/System32/config/SYSTEM)")
}
