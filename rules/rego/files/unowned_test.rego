package guestctl.files.unowned_test

import data.guestctl.files.unowned

entry(path, uid, gid) := {"path": path, "type": "file", "mode": "0644", "uid": uid, "gid": gid, "package": null}

guest(users, groups) := {"scan": {
	"unowned": users,
	"ungrouped": groups,
	"counts": {"unowned": count(users), "ungrouped": count(groups)},
}}

pass := guest([], [])

fail := guest([entry("/var/orphan", 4711, 4711)], [entry("/var/orphan", 4711, 4711)])

test_pass if {
	count(unowned.deny) == 0 with input as pass
	count(unowned.unknown) == 0 with input as pass
}

test_fail if {
	found := unowned.deny with input as fail
	{finding.msg | some finding in found} == {
		"/var/orphan has uid 4711, which no account has",
		"/var/orphan has gid 4711, which no group has",
	}
	some finding in found
	finding.evidence == [{"path": "/var/orphan"}]
}

test_what_is_left_out if {
	count(unowned.deny) == 0 with input as fail with data.guestctl.params as {"files-unowned": {"except": ["/var/**"]}}
}

test_a_list_that_is_cut_is_no_pass if {
	some reason in unowned.unknown with input as object.union(pass, {"scan": {"counts": {"unowned": 5000, "ungrouped": 0}}})
	reason == "only the first 0 of 5000 entries of unowned are known"
}
