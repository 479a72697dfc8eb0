package guestctl.time.one_daemon_test

import data.guestctl.time.one_daemon

unit(starts, alias_of) := {"state": "enabled", "starts": starts, "alias_of": alias_of, "source": {"path": "/etc/systemd/system/multi-user.target.wants/x"}}

guest(units) := {"units": units}

chrony := {"chrony.service": unit("boot", null), "chronyd.service": unit("boot", "chrony.service"), "systemd-timesyncd.service": unit("", null)}

pass := guest(chrony)

fail := guest({"chrony.service": unit("", null)})

test_pass if count(one_daemon.deny) == 0 with input as pass

test_fail if {
	some finding in one_daemon.deny with input as fail
	finding.msg == "boot starts nothing that keeps the clock, want exactly one daemon that keeps the clock"
	finding.evidence == []
}

test_two_are_one_too_many if {
	some finding in one_daemon.deny with input as guest(object.union(chrony, {"systemd-timesyncd.service": unit("boot", null)}))
	finding.actual == "chrony.service, systemd-timesyncd.service"
	count(finding.evidence) == 2
}

test_an_alias_alone_is_no_daemon if count(one_daemon.deny) == 1 with input as guest({"ntp.service": unit("boot", "elsewhere.service")})

test_other_init_systems if count(one_daemon.deny) == 0 with input as guest({"chronyd": unit("boot", null)})
