package guestctl.updates.unattended_test

import data.guestctl.updates.unattended

setting(value) := {"value": value, "explicit": true, "source": {"path": "/etc/apt/apt.conf.d/20auto-upgrades", "line": 2}}

guest(state, value) := {
	"packages": {"manager": "dpkg", "installed": {"unattended-upgrades": [{"name": "unattended-upgrades", "version": "2.9", "state": state, "source": {"path": "/var/lib/dpkg/status", "line": 9}}]}},
	"apt": {"conf": {"apt::periodic::update-package-lists": setting("1"), "apt::periodic::unattended-upgrade": setting(value)}},
	"units": {"apt-daily-upgrade.timer": {"state": "enabled", "starts": "boot", "alias_of": null, "source": {"path": "/usr/lib/systemd/system/apt-daily-upgrade.timer"}}},
}

pass := guest("installed", "1")

fail := guest("installed", "0")

test_pass if count(unattended.deny) == 0 with input as pass

test_fail if {
	some finding in unattended.deny with input as fail
	finding.msg == "apt::periodic::unattended-upgrade is \"0\", want \"1\" (/etc/apt/apt.conf.d/20auto-upgrades line 2)"
	finding.evidence == [{"path": "/etc/apt/apt.conf.d/20auto-upgrades", "line": 2}]
}

test_times_between_runs if {
	every value in ["7", "always", "12h", "1d"] {
		count(unattended.deny) == 0 with input as guest("installed", value)
	}
	every value in ["0", "", "0d", "never", "00"] {
		count(unattended.deny) == 1 with input as guest("installed", value)
	}
}

test_nothing_said if {
	silent := {"packages": pass.packages, "apt": {"conf": {}}}
	found := unattended.deny with input as silent
	{finding.key | some finding in found} == {"apt::periodic::update-package-lists", "apt::periodic::unattended-upgrade"}
}

test_turned_off_as_a_whole if {
	off := object.union(pass, {"apt": {"conf": {"apt::periodic::enable": setting("0")}}})
	some finding in unattended.deny with input as off
	finding.key == "apt::periodic::enable"
}

test_package if {
	some finding in unattended.deny with input as guest("half-configured", "1")
	finding.actual == "half-configured"
	some other in unattended.deny with input as object.union(object.remove(pass, ["packages"]), {"packages": {"installed": {}}})
	other.actual == "not installed"
}

test_timer if {
	some finding in unattended.deny with input as object.union(pass, {"units": {"apt-daily-upgrade.timer": {"state": "masked", "starts": ""}}})
	finding.msg == "boot does not start apt-daily-upgrade.timer, which is masked"
}
