package guestctl.users.only_root_has_uid_zero_test

import data.guestctl.users.only_root_has_uid_zero

user(name, uid, line) := {"name": name, "uid": uid, "source": {"path": "/etc/passwd", "line": line}}

pass := {"users": [user("root", 0, 1), user("daemon", 1, 2)]}

fail := {"users": [user("root", 0, 1), user("toor", 0, 2)]}

test_pass if count(only_root_has_uid_zero.deny) == 0 with input as pass

test_fail if {
	some finding in only_root_has_uid_zero.deny with input as fail
	finding.msg == "toor has uid 0, as root has"
	finding.evidence == [{"path": "/etc/passwd", "line": 2}]
}

test_each_account_is_told if {
	count(only_root_has_uid_zero.deny) == 2 with input as {"users": [user("root", 0, 1), user("toor", 0, 2), user("admin", 0, 3)]}
}

test_another_account_may_be_allowed if {
	count(only_root_has_uid_zero.deny) == 0 with input as fail with data.guestctl.params as {"users-only-root-has-uid-zero": {"allowed": ["root", "toor"]}}
}
