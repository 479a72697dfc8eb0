package guestctl.users.primary_groups_exist_test

import data.guestctl.users.primary_groups_exist

user(group) := {"name": "lost", "gid": 4242, "primary_group": group, "source": {"path": "/etc/passwd", "line": 31}}

groups := [{"name": "people", "gid": 4242, "source": {"path": "/etc/group", "line": 9}}]

pass := {"users": [user("people")], "groups": groups}

fail := {"users": [user("")], "groups": groups}

test_pass if count(primary_groups_exist.deny) == 0 with input as pass

test_fail if {
	some finding in primary_groups_exist.deny with input as fail
	finding.msg == "lost has the primary gid 4242, which no group has"
	finding.evidence == [{"path": "/etc/passwd", "line": 31}]
}

test_each_account_is_told if {
	other := object.union(user(""), {"source": {"line": 32}})
	count(primary_groups_exist.deny) == 2 with input as {"users": [user(""), other], "groups": groups}
}
