package guestctl.files.shadow_permissions_test

import data.guestctl.files.shadow_permissions
import data.guestctl.lib.files_test as example

guest(shadow) := {"files": {"/etc/shadow": shadow, "/etc/shadow-": example.nothing, "/etc/gshadow": example.file("file", "0640", 0, 42), "/etc/gshadow-": example.nothing}}

pass := guest(example.file("file", "0640", 0, 42))

fail := guest(example.file("file", "0604", 0, 42))

test_pass if count(shadow_permissions.deny) == 0 with input as pass

test_fail if {
	some finding in shadow_permissions.deny with input as fail
	finding.msg == "/etc/shadow has mode 0604, want mode 0640 or stricter, owner root, group root or shadow"
	finding.evidence == [{"path": "/etc/shadow"}]
}

test_the_way_of_other_families if count(shadow_permissions.deny) == 0 with input as guest(example.file("file", "0000", 0, 0))

test_another_group_may_not_read if count(shadow_permissions.deny) == 1 with input as guest(example.file("file", "0640", 0, 1000))

test_access_list if count(shadow_permissions.deny) == 1 with input as guest(object.union(example.file("file", "0640", 0, 42), {"acl": true}))

test_a_guest_without_shadow if {
	some finding in shadow_permissions.deny with input as guest(example.nothing)
	finding.msg == "/etc/shadow does not exist"
}
