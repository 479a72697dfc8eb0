package guestctl.windows.defender_enabled_test

import data.guestctl.windows.defender_enabled

setting(value) := {"value": value, "source": {"path": "/Windows/System32/config/SOFTWARE"}}

pass := {"windows_defender": {
	"service": "automatic",
	"disabled": setting(false),
	"real_time": setting(true),
	"behavior_monitoring": setting(true),
	"scan_downloads": setting(true),
	"scan_scripts": setting(true),
}}

fail := json.patch(pass, [{"op": "replace", "path": "/windows_defender/real_time", "value": setting(false)}])

absent := json.patch(pass, [{"op": "replace", "path": "/windows_defender/service", "value": ""}])

test_pass if count(defender_enabled.deny) == 0 with input as pass

test_fail if {
	some finding in defender_enabled.deny with input as fail
	finding.msg == "real-time protection is false, want true (/Windows/System32/config/SOFTWARE)"
}

test_each if {
	every name, value in {"disabled": true, "behavior_monitoring": false, "scan_downloads": false, "scan_scripts": false} {
		count(defender_enabled.deny) == 1 with input as json.patch(pass, [{"op": "replace", "path": sprintf("/windows_defender/%s", [name]), "value": setting(value)}])
	}
}

test_a_service_that_is_disabled if {
	count(defender_enabled.deny) == 1 with input as json.patch(pass, [{"op": "replace", "path": "/windows_defender/service", "value": "disabled"}])
}

test_not_there if not defender_enabled.applicable with input as absent
