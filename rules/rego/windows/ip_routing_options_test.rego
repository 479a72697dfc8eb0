package guestctl.windows.ip_routing_options_test

import data.guestctl.windows.ip_routing_options

setting(value) := {"value": value, "explicit": true, "source": {"path": "/Windows/System32/config/SYSTEM"}}

pass := {"windows_security": {"network": {"disable_ip_source_routing": setting(2), "disable_ip_source_routing_v6": setting(2), "enable_icmp_redirect": setting(0)}}}

fail := json.patch(pass, [{"op": "replace", "path": "/windows_security/network/disable_ip_source_routing", "value": setting(1)}])

test_pass if count(ip_routing_options.deny) == 0 with input as pass

# Each setting counts by itself, and one that nobody made is judged as Windows does then.
test_each_setting if {
	every path, bad in {"network/disable_ip_source_routing": 1, "network/disable_ip_source_routing_v6": 0, "network/enable_icmp_redirect": 1} {
		count(ip_routing_options.deny) == 1 with input as json.patch(pass, [{"op": "replace", "path": sprintf("/windows_security/%s", [path]), "value": setting(bad)}])
	}
}

test_settings_that_nobody_made if {
	every path, found in {"network/disable_ip_source_routing": 1, "network/disable_ip_source_routing_v6": 1} {
		count(ip_routing_options.deny) == found with input as json.patch(pass, [{"op": "replace", "path": sprintf("/windows_security/%s", [path]), "value": null}])
	}
}

test_fail if {
	some finding in ip_routing_options.deny with input as fail
	finding.evidence == [{"path": "/Windows/System32/config/SYSTEM"}]
	contains(finding.msg, "(/Windows/System32/config/SYSTEM)")
}
