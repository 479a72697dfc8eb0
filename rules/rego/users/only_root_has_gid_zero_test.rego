package guestctl.users.only_root_has_gid_zero_test

import data.guestctl.users.only_root_has_gid_zero

user(name, gid) := {"name": name, "gid": gid, "source": {"path": "/etc/passwd", "line": 5}}

group(name, gid) := {"name": name, "gid": gid, "source": {"path": "/etc/group", "line": 7}}

pass := {"users": [user("root", 0), user("bob", 1001)], "groups": [group("root", 0), group("bob", 1001)]}

fail := {"users": [user("root", 0), user("bob", 0)], "groups": [group("root", 0), group("bob", 1001)]}

test_pass if count(only_root_has_gid_zero.deny) == 0 with input as pass

test_fail if {
	some finding in only_root_has_gid_zero.deny with input as fail
	finding.msg == "bob has the primary gid 0"
	finding.evidence == [{"path": "/etc/passwd", "line": 5}]
}

test_another_group if {
	some finding in only_root_has_gid_zero.deny with input as {"users": [], "groups": [group("root", 0), group("docker", 0)]}
	finding.msg == "the group docker has gid 0"
	finding.evidence == [{"path": "/etc/group", "line": 7}]
}

test_accounts_that_stop_the_machine if {
	count(only_root_has_gid_zero.deny) == 0 with input as {"users": [user(name, 0) | some name in ["sync", "shutdown", "halt", "operator"]], "groups": []}
}
