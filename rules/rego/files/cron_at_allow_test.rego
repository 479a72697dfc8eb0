package guestctl.files.cron_at_allow_test

import data.guestctl.files.cron_at_allow
import data.guestctl.lib.files_test as example

guest(names, lists) := {
	"packages": {"manager": "dpkg", "installed": {name: [{"name": name, "version": "1", "state": "installed"}] | some name in names}},
	"files": object.union({path: example.nothing | some path in ["/etc/cron.allow", "/etc/cron.deny", "/etc/at.allow", "/etc/at.deny"]}, lists),
}

allow := example.file("file", "0640", 0, 0)

pass := guest(["cron", "at"], {"/etc/cron.allow": allow, "/etc/at.allow": allow})

fail := guest(["cron"], {"/etc/cron.deny": allow})

absent := guest(["bash"], {})

test_pass if count(cron_at_allow.deny) == 0 with input as pass

test_fail if {
	found := cron_at_allow.deny with input as fail
	{finding.msg | some finding in found} == {
		"/etc/cron.allow does not exist",
		"/etc/cron.deny exists, which lets in everybody it does not name",
	}
	some finding in found
	finding.evidence == [{"path": "/etc/cron.deny"}]
}

test_only_what_is_installed_counts if {
	count(cron_at_allow.deny) == 0 with input as guest(["cronie"], {"/etc/cron.allow": allow, "/etc/at.deny": allow})
	count(cron_at_allow.deny) == 2 with input as guest(["at"], {"/etc/cron.allow": allow, "/etc/at.deny": allow})
}

test_modes_of_the_lists if {
	some finding in cron_at_allow.deny with input as guest(["cron"], {"/etc/cron.allow": example.file("file", "0644", 0, 0)})
	finding.msg == "/etc/cron.allow has mode 0644, want mode 0640 or stricter, owner root, group root or crontab or daemon"
}

test_not_applicable if {
	not cron_at_allow.applicable with input as absent
	cron_at_allow.applicable with input as pass
}
