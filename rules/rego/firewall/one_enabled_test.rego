package guestctl.firewall.one_enabled_test

import data.guestctl.firewall.one_enabled

guest(active, enabled) := {"firewall": {"active": active, "nftables": {"enabled": enabled, "files": [], "tables": []}, "ufw": null, "iptables": null, "firewalld": null}}

pass := guest(["nftables"], true)

fail := guest([], false)

test_pass if {
	count(one_enabled.deny) == 0 with input as pass
	count(one_enabled.unknown) == 0 with input as pass
}

test_fail if {
	some finding in one_enabled.deny with input as fail
	finding.msg == "boot starts no firewall, want exactly one firewall"
	count(one_enabled.unknown) == 0 with input as fail
}

test_no_trace_of_a_firewall if {
	some finding in one_enabled.deny with input as {}
	finding.msg == "boot starts no firewall, want exactly one firewall"
	count(one_enabled.unknown) == 0 with input as {}
}

test_two_are_one_too_many if {
	some finding in one_enabled.deny with input as guest(["nftables", "ufw"], true)
	finding.actual == "nftables and ufw"
}

test_units_that_are_not_known if {
	some reason in one_enabled.unknown with input as guest([], null)
	reason == "whether boot starts nftables is not known"
}
