package guestctl.windows.defender_tamper_protection_test

import data.guestctl.windows.defender_tamper_protection

guest(value) := {"windows_defender": {"service": "automatic", "tamper_protection": value}}

setting(value) := {"value": value, "source": {"path": "/Windows/System32/config/SOFTWARE"}}

pass := guest(setting(5))

fail := guest(setting(4))

test_pass if count(defender_tamper_protection.deny) == 0 with input as pass

test_set_by_a_service if count(defender_tamper_protection.deny) == 0 with input as guest(setting(1))

test_fail if {
	some finding in defender_tamper_protection.deny with input as fail
	finding.msg == "TamperProtection is 4, want 5 or 1 (/Windows/System32/config/SOFTWARE)"
}

test_nobody_set_it if count(defender_tamper_protection.deny) == 1 with input as guest(null)
