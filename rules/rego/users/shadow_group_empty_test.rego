package guestctl.users.shadow_group_empty_test

import data.guestctl.users.shadow_group_empty

guest(members, gshadow, gid) := {
	"groups": [{
		"name": "shadow",
		"gid": 42,
		"members": members,
		"gshadow": gshadow,
		"source": {"path": "/etc/group", "line": 30},
	}],
	"users": [{"name": "bob", "gid": gid, "source": {"path": "/etc/passwd", "line": 25}}],
}

nobody := {"members": [], "source": {"path": "/etc/gshadow", "line": 31}}

pass := guest([], nobody, 1001)

fail := guest(["bob"], nobody, 1001)

absent := {"groups": [{"name": "root", "gid": 0, "members": [], "gshadow": null}], "users": []}

test_pass if count(shadow_group_empty.deny) == 0 with input as pass

test_fail if {
	some finding in shadow_group_empty.deny with input as fail
	finding.msg == "bob is a member of shadow"
	finding.evidence == [{"path": "/etc/group", "line": 30}]
}

test_a_primary_group if {
	some finding in shadow_group_empty.deny with input as guest([], null, 42)
	finding.msg == "bob has the primary group shadow"
	finding.evidence == [{"path": "/etc/passwd", "line": 25}]
}

test_a_member_that_only_gshadow_has if {
	some finding in shadow_group_empty.deny with input as guest([], object.union(nobody, {"members": ["eve"]}), 1001)
	finding.msg == "eve is a member, by gshadow, of shadow"
	finding.evidence == [{"path": "/etc/gshadow", "line": 31}]
}

test_a_member_in_both_is_told_once if {
	count(shadow_group_empty.deny) == 1 with input as guest(["eve"], object.union(nobody, {"members": ["eve"]}), 1001)
}

test_a_guest_without_the_group if {
	not shadow_group_empty.applicable with input as absent
	shadow_group_empty.skip_reason == "there is no group shadow" with input as absent
}
