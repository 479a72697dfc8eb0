package guestctl.users.unique_users_test

import data.guestctl.users.unique_users

user(name, uid, line) := {"name": name, "uid": uid, "source": {"path": "/etc/passwd", "line": line}}

pass := {"users": [user("root", 0, 1), user("bob", 1001, 2)]}

fail := {"users": [user("root", 0, 1), user("bob", 1001, 2), user("carol", 1001, 3)]}

test_pass if count(unique_users.deny) == 0 with input as pass

test_fail if {
	some finding in unique_users.deny with input as fail
	finding.msg == "bob and carol share uid 1001"
	finding.evidence == [{"path": "/etc/passwd", "line": 2}, {"path": "/etc/passwd", "line": 3}]
}

test_a_name_that_stands_twice if {
	some finding in unique_users.deny with input as {"users": [user("ana", 1000, 1), user("ana", 1999, 2)]}
	finding.msg == "2 users are called ana"
}

test_a_line_that_stands_twice_is_both if {
	count(unique_users.deny) == 2 with input as {"users": [user("ana", 1000, 1), user("ana", 1000, 2)]}
}
