package guestctl.logs.service_enabled_test

import data.guestctl.logs.service_enabled

guest(name, starts) := {"units": {name: {"state": "static", "starts": starts, "alias_of": null, "source": {"path": "/usr/lib/systemd/system/x.service"}}}}

pass := guest("systemd-journald.service", "boot")

fail := guest("systemd-journald.service", "")

test_pass if count(service_enabled.deny) == 0 with input as pass

test_fail if {
	some finding in service_enabled.deny with input as fail
	finding.msg == "boot starts no logging service"
	finding.evidence == [{"path": "/usr/lib/systemd/system/x.service"}]
}

test_any_of_them_will_do if {
	every name in ["rsyslog.service", "syslog-ng.service", "syslog"] {
		count(service_enabled.deny) == 0 with input as guest(name, "boot")
	}
	count(service_enabled.deny) == 1 with input as guest("cron.service", "boot")
}
