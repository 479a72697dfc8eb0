package guestctl.windows.firewall_logging_test

import data.guestctl.windows.firewall_logging

setting(value) := {"value": value, "explicit": true, "source": {"path": "/Windows/System32/config/SYSTEM"}}

profile(dropped, size) := {"log_dropped": setting(dropped), "log_size": setting(size)}

guest(dropped, size) := {"windows_firewall": {
	"domain": profile(true, 16384),
	"private": profile(true, 16384),
	"public": profile(dropped, size),
}}

pass := guest(true, 16384)

fail := guest(false, 16384)

test_pass if count(firewall_logging.deny) == 0 with input as pass

test_fail if {
	some finding in firewall_logging.deny with input as fail
	finding.msg == "log of dropped packets of the public profile is false, want true (/Windows/System32/config/SYSTEM)"
}

test_a_log_that_is_small if count(firewall_logging.deny) == 1 with input as guest(true, 4096)
