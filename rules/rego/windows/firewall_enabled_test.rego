package guestctl.windows.firewall_enabled_test

import data.guestctl.windows.firewall_enabled

setting(value) := {"value": value, "explicit": true, "source": {"path": "/Windows/System32/config/SYSTEM"}}

guest(enabled, service) := {"windows_firewall": {
	"service": service,
	"domain": {"enabled": setting(true)},
	"private": {"enabled": setting(true)},
	"public": {"enabled": enabled},
}}

pass := guest(setting(true), "automatic")

fail := guest(setting(false), "automatic")

test_pass if count(firewall_enabled.deny) == 0 with input as pass

test_on_by_default if count(firewall_enabled.deny) == 0 with input as guest({"value": true, "explicit": false, "source": null}, "automatic")

test_fail if {
	some finding in firewall_enabled.deny with input as fail
	finding.msg == "the public profile is false, want true (/Windows/System32/config/SYSTEM)"
}

test_a_service_that_does_not_start if {
	every service in ["disabled", "manual", ""] {
		count(firewall_enabled.deny) == 1 with input as guest(setting(true), service)
	}
}
