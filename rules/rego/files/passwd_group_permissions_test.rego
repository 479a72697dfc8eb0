package guestctl.files.passwd_group_permissions_test

import data.guestctl.files.passwd_group_permissions
import data.guestctl.lib.files_test as example

guest(passwd) := {"files": {"/etc/passwd": passwd, "/etc/passwd-": example.nothing, "/etc/group": example.file("file", "0644", 0, 0), "/etc/group-": example.file("file", "0600", 0, 0)}}

pass := guest(example.file("file", "0644", 0, 0))

fail := guest(example.file("file", "0666", 0, 0))

test_pass if count(passwd_group_permissions.deny) == 0 with input as pass

test_fail if {
	some finding in passwd_group_permissions.deny with input as fail
	finding.msg == "/etc/passwd has mode 0666, want mode 0644 or stricter, owner root, group root"
	finding.evidence == [{"path": "/etc/passwd"}]
}

test_other_owners if {
	count(passwd_group_permissions.deny) == 1 with input as guest(example.file("file", "0644", 1000, 0))
	count(passwd_group_permissions.deny) == 1 with input as guest(example.file("file", "0644", 0, 1000))
	count(passwd_group_permissions.deny) == 1 with input as guest(example.file("file", "4644", 0, 0))
}

test_access_list if count(passwd_group_permissions.deny) == 1 with input as guest(object.union(example.file("file", "0644", 0, 0), {"acl": true}))

test_copies_count if {
	some finding in passwd_group_permissions.deny with input as object.union(pass, {"files": {"/etc/passwd-": example.file("file", "0606", 0, 0)}})
	finding.key == "/etc/passwd-"
}

test_a_guest_without_passwd if {
	some finding in passwd_group_permissions.deny with input as guest(example.nothing)
	finding.msg == "/etc/passwd does not exist"
}
