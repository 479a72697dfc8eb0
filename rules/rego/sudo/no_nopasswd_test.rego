package guestctl.sudo.no_nopasswd_test

import data.guestctl.sudo.no_nopasswd

guest(users, tags) := {"sudoers": {"rules": [{
	"users": users,
	"hosts": ["ALL"],
	"runas": ["ALL"],
	"runas_groups": [],
	"tags": tags,
	"commands": ["ALL"],
	"source": {"path": "/etc/sudoers", "line": 14},
}]}}

pass := guest(["%sudo"], ["PASSWD"])

fail := guest(["ana", "%wheel", "!carol"], ["NOEXEC", "NOPASSWD"])

test_pass if count(no_nopasswd.deny) == 0 with input as pass

test_fail if {
	some finding in no_nopasswd.deny with input as fail
	finding.msg == "ana, %wheel may run ALL without a password (/etc/sudoers line 14)"
	finding.evidence == [{"path": "/etc/sudoers", "line": 14}]
}

test_exempt if {
	some finding in no_nopasswd.deny with input as fail with data.guestctl.params as {"sudo-no-nopasswd": {"exempt": ["ana"]}}
	finding.key == "%wheel"
	count(no_nopasswd.deny) == 0 with input as fail with data.guestctl.params as {"sudo-no-nopasswd": {"exempt": ["ana", "%wheel"]}}
}
