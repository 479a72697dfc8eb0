package guestctl.users.unique_groups_test

import data.guestctl.users.unique_groups

group(name, gid, line) := {"name": name, "gid": gid, "source": {"path": "/etc/group", "line": line}}

pass := {"groups": [group("root", 0, 1), group("bob", 1001, 2)]}

fail := {"groups": [group("root", 0, 1), group("bob", 1001, 2), group("carol", 1001, 3)]}

test_pass if count(unique_groups.deny) == 0 with input as pass

test_fail if {
	some finding in unique_groups.deny with input as fail
	finding.msg == "bob and carol share gid 1001"
	finding.evidence == [{"path": "/etc/group", "line": 2}, {"path": "/etc/group", "line": 3}]
}

test_a_name_that_stands_twice if {
	some finding in unique_groups.deny with input as {"groups": [group("ana", 1000, 1), group("ana", 1999, 2)]}
	finding.msg == "2 groups are called ana"
}

test_a_line_that_stands_twice_is_both if {
	count(unique_groups.deny) == 2 with input as {"groups": [group("ana", 1000, 1), group("ana", 1000, 2)]}
}
