package guestctl.windows.firewall_inbound_test

import data.guestctl.windows.firewall_inbound

setting(value) := {"value": value, "explicit": true, "source": {"path": "/Windows/System32/config/SYSTEM"}}

guest(inbound) := {"windows_firewall": {
	"domain": {"inbound": setting("block")},
	"private": {"inbound": setting("block")},
	"public": {"inbound": setting(inbound)},
}}

pass := guest("block")

fail := guest("allow")

test_pass if count(firewall_inbound.deny) == 0 with input as pass

test_fail if {
	some finding in firewall_inbound.deny with input as fail
	finding.msg == "inbound of the public profile is allow, want block (/Windows/System32/config/SYSTEM)"
}
