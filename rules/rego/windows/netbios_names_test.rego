package guestctl.windows.netbios_names_test

import data.guestctl.windows.netbios_names

setting(value) := {"value": value, "explicit": true, "source": {"path": "/Windows/System32/config/SYSTEM"}}

pass := {"windows_security": {"network": {"netbios_node_type": setting(2)}}}

fail := json.patch(pass, [{"op": "replace", "path": "/windows_security/network/netbios_node_type", "value": setting(8)}])

test_pass if count(netbios_names.deny) == 0 with input as pass

# Each setting counts by itself, and one that nobody made is judged as Windows does then.
test_each_setting if {
	every path, bad in {"network/netbios_node_type": 8} {
		count(netbios_names.deny) == 1 with input as json.patch(pass, [{"op": "replace", "path": sprintf("/windows_security/%s", [path]), "value": setting(bad)}])
	}
}

test_settings_that_nobody_made if {
	every path, found in {"network/netbios_node_type": 1} {
		count(netbios_names.deny) == found with input as json.patch(pass, [{"op": "replace", "path": sprintf("/windows_security/%s", [path]), "value": null}])
	}
}

test_fail if {
	some finding in netbios_names.deny with input as fail
	finding.evidence == [{"path": "/Windows/System32/config/SYSTEM"}]
	contains(finding.msg, "(/Windows/System32/config/SYSTEM)")
}
