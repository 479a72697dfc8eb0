package guestctl.files.cron_permissions_test

import data.guestctl.files.cron_permissions
import data.guestctl.lib.files_test as example

guest(name, table, daily) := {
	"packages": {"manager": "dpkg", "installed": {name: [{"name": name, "version": "1", "state": "installed"}]}},
	"files": {"/etc/crontab": table, "/etc/cron.daily": daily, "/etc/cron.d": example.nothing},
}

table := example.file("file", "0600", 0, 0)

dir(mode) := example.file("dir", mode, 0, 0)

pass := guest("cron", table, dir("0700"))

fail := guest("cron", example.file("file", "0644", 0, 0), dir("0755"))

absent := guest("bash", table, dir("0755"))

test_pass if count(cron_permissions.deny) == 0 with input as pass

test_fail if {
	found := cron_permissions.deny with input as fail
	{finding.msg | some finding in found} == {
		"/etc/crontab has mode 0644, want mode 0600 or stricter, owner root, group root",
		"/etc/cron.daily has mode 0755, want mode 0700 or stricter, owner root, group root",
	}
	some finding in found
	finding.evidence == [{"path": "/etc/crontab"}]
}

test_owner_counts if count(cron_permissions.deny) == 1 with input as guest("cronie", table, example.file("dir", "0700", 1000, 0))

test_what_is_not_there_is_fine if count(cron_permissions.deny) == 0 with input as guest("cronie", example.nothing, example.nothing)

test_not_applicable if {
	not cron_permissions.applicable with input as absent
	cron_permissions.applicable with input as guest("cronie", table, dir("0700"))
}
