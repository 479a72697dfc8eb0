package guestctl.files.shells_opasswd_permissions_test

import data.guestctl.files.shells_opasswd_permissions
import data.guestctl.lib.files_test as example

guest(shells, opasswd) := {"files": {"/etc/shells": shells, "/etc/security/opasswd": opasswd, "/etc/security/opasswd.old": example.nothing}}

pass := guest(example.file("file", "0644", 0, 0), example.file("file", "0600", 0, 0))

fail := guest(example.file("file", "0644", 0, 0), example.file("file", "0644", 0, 0))

absent := guest(example.nothing, example.nothing)

test_pass if count(shells_opasswd_permissions.deny) == 0 with input as pass

test_fail if {
	some finding in shells_opasswd_permissions.deny with input as fail
	finding.msg == "/etc/security/opasswd has mode 0644, want mode 0600 or stricter, owner root, group root"
	finding.evidence == [{"path": "/etc/security/opasswd"}]
}

test_shells_of_others if {
	some finding in shells_opasswd_permissions.deny with input as guest(example.file("file", "0664", 1000, 0), example.nothing)
	finding.msg == "/etc/shells has mode 0664, owner ana, want mode 0644 or stricter, owner root, group root"
}

test_not_applicable if {
	not shells_opasswd_permissions.applicable with input as absent
	shells_opasswd_permissions.applicable with input as pass
}
