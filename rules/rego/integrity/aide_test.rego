package guestctl.integrity.aide_test

import data.guestctl.integrity.aide

guest(names, databases, timer, command) := {
	"packages": {"manager": "dpkg", "installed": {name: [{"name": name, "version": "1", "state": "installed"}] | some name in names}},
	"units": {"dailyaidecheck.timer": {"state": "enabled", "starts": timer, "alias_of": null}},
	"cron": [{"kind": "run-parts", "schedule": "daily", "user": "root", "command": command, "source": {"path": "/etc/cron.daily/x"}}],
	"globs": {"/var/lib/aide/aide.db*": {"paths": databases, "files": []}},
}

pass := guest(["aide"], ["/var/lib/aide/aide.db"], "boot", "/etc/cron.daily/apt-compat")

fail := guest([], [], "", "/etc/cron.daily/apt-compat")

test_pass if count(aide.deny) == 0 with input as pass

test_fail if {
	found := aide.deny with input as fail
	{finding.msg | some finding in found} == {"AIDE is not installed"}
}

test_no_database if {
	some finding in aide.deny with input as guest(["aide"], ["/var/lib/aide/aide.db.new", "/var/lib/aide/aide.db.new.gz"], "boot", "x")
	finding.msg == "AIDE has no database in /var/lib/aide"
	finding.evidence == [{"path": "/var/lib/aide"}]
	count(aide.deny) == 0 with input as guest(["aide"], ["/var/lib/aide/aide.db.gz"], "boot", "x")
}

test_no_schedule if {
	some finding in aide.deny with input as guest(["aide"], ["/var/lib/aide/aide.db"], "", "/etc/cron.daily/apt-compat")
	finding.msg == "neither a timer nor cron runs AIDE"
}

test_cron_will_do if {
	every command in ["/etc/cron.daily/dailyaidecheck", "/usr/sbin/aide --check", "/usr/bin/aide.wrapper --check"] {
		count(aide.deny) == 0 with input as guest(["aide"], ["/var/lib/aide/aide.db"], "", command)
	}
	count(aide.deny) == 1 with input as guest(["aide"], ["/var/lib/aide/aide.db"], "", "/usr/bin/aideffect")
}

test_a_job_that_cron_passes_over if {
	ignored := object.union(
		guest(["aide"], ["/var/lib/aide/aide.db"], "", ""),
		{"cron": [{"kind": "cron.d", "command": "/usr/sbin/aide --check", "ignored": "name has a dot", "source": {"path": "/etc/cron.d/x.y"}}]},
	)
	count(aide.deny) == 1 with input as ignored
}

test_without_units_and_cron if count(aide.deny) == 1 with input as object.remove(pass, ["units", "cron"])
