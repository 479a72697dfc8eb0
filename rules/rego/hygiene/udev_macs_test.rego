package guestctl.hygiene.udev_macs_test

import data.guestctl.hygiene.udev_macs

pass := {"image_state": {"udev_net_rules": []}}

fail := {"image_state": {"udev_net_rules": [{"path": "/etc/udev/rules.d/70-persistent-net.rules", "line": 2, "mac": "52:54:00:12:34:56"}]}}

test_pass if count(udev_macs.deny) == 0 with input as pass

test_fail if {
	some finding in udev_macs.deny with input as fail
	finding.msg == "/etc/udev/rules.d/70-persistent-net.rules line 2 holds for 52:54:00:12:34:56 only"
	finding.evidence == [{"path": "/etc/udev/rules.d/70-persistent-net.rules", "line": 2}]
}

test_an_address_may_be_meant if {
	count(udev_macs.deny) == 0 with input as fail with data.guestctl.params as {"hygiene-udev-macs": {"allowed": ["52:54:00:12:34:56"]}}
}
