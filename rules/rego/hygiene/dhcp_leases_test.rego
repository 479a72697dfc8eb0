package guestctl.hygiene.dhcp_leases_test

import data.guestctl.hygiene.dhcp_leases

path := "/var/lib/dhcp/dhclient.eth0.leases"

pass := {"image_state": {"dhcp_leases": [{"path": path, "size": 0}]}}

fail := {"image_state": {"dhcp_leases": [{"path": path, "size": 523}]}}

test_pass if count(dhcp_leases.deny) == 0 with input as pass

test_fail if {
	some finding in dhcp_leases.deny with input as fail
	finding.msg == "/var/lib/dhcp/dhclient.eth0.leases has a lease of the build (523 bytes)"
	finding.evidence == [path]
}
