package guestctl.windows.rdp_nla_test

import data.guestctl.windows.rdp_nla

setting(value) := {"value": value, "explicit": true, "source": {"path": "/Windows/System32/config/SYSTEM"}}

pass := {"windows_remote": object.union({"rdp": {"nla": setting(1)}}, {"rdp": {"enabled": {"value": true}}})}

fail := json.patch(pass, [{"op": "replace", "path": "/windows_remote/rdp/nla", "value": setting(0)}])

test_pass if count(rdp_nla.deny) == 0 with input as pass

# Each setting counts by itself, and one that nobody made is judged as Windows does then.
test_each_setting if {
	every path, bad in {"rdp/nla": 0} {
		count(rdp_nla.deny) == 1 with input as json.patch(pass, [{"op": "replace", "path": sprintf("/windows_remote/%s", [path]), "value": setting(bad)}])
	}
}

test_settings_that_nobody_made if {
	every path, found in {"rdp/nla": 1} {
		count(rdp_nla.deny) == found with input as json.patch(pass, [{"op": "replace", "path": sprintf("/windows_remote/%s", [path]), "value": null}])
	}
}

test_fail if {
	some finding in rdp_nla.deny with input as fail
	finding.evidence == [{"path": "/Windows/System32/config/SYSTEM"}]
	contains(finding.msg, "(/Windows/System32/config/SYSTEM)")
}
