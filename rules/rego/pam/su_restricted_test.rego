package guestctl.pam.su_restricted_test

import data.guestctl.lib.pam_test as example
import data.guestctl.pam.su_restricted

rootok := example.rule("/etc/pam.d/su", 1, "sufficient", "pam_rootok.so", [])

wheel(control, args) := example.rule("/etc/pam.d/su", 2, control, "pam_wheel.so", args)

unix := example.rule("/etc/pam.d/common-auth", 2, "[success=1 default=ignore]", "pam_unix.so", [])

group(name, gid, members) := {"name": name, "gid": gid, "members": members, "source": {"path": "/etc/group", "line": gid}}

user(name, uid, gid) := {"name": name, "uid": uid, "gid": gid}

guest(rules, members) := {
	"pam": {"services": {"su": example.service("su", {"auth": rules}), "other": example.service("other", {"auth": [unix]})}},
	"groups": [group("root", 0, []), group("sugroup", 102, members)],
	"users": [user("root", 0, 0), user("ana", 1000, 1000)],
	"files": {"/bin/su": {"exists": true, "uid": 0, "gid": 0, "size": 1}, "/usr/bin/su": {"exists": true, "uid": 0, "gid": 0, "size": 1}},
}

good := [rootok, wheel("required", ["use_uid", "group=sugroup"]), unix]

pass := guest(good, [])

fail := guest([rootok, unix], [])

absent := {
	"pam": {"services": {"login": example.service("login", {})}},
	"groups": [],
	"users": [],
	"files": {"/bin/su": {"exists": false, "uid": 0, "gid": 0, "size": 0}},
}

test_pass if count(su_restricted.deny) == 0 with input as pass

test_fail if {
	some finding in su_restricted.deny with input as fail
	finding.msg == "su asks whoever calls it for a password: no pam_wheel.so runs before"
	finding.evidence == [{"path": "/etc/pam.d/common-auth", "line": 2}]
}

test_members_may_use_it if {
	some finding in su_restricted.deny with input as guest(good, ["ana"])
	finding.msg == "ana may use su: it is in group sugroup (/etc/group line 102)"
	count(su_restricted.deny) == 0 with input as guest(good, ["ana"]) with data.guestctl.params as {"pam-su-restricted": {"members": ["ana"]}}
}

test_primary_group_counts if {
	some finding in su_restricted.deny with input as object.union(pass, {"users": [user("eve", 1001, 102)]})
	finding.key == "eve"
}

test_a_group_that_is_nowhere_lets_nobody_in if {
	count(su_restricted.deny) == 0 with input as guest([rootok, wheel("required", ["use_uid", "group=none"]), unix], ["ana"])
}

test_without_a_group_it_is_wheel if {
	rules := [rootok, wheel("required", ["use_uid"]), unix]
	with_wheel := object.union(guest(rules, []), {"groups": [group("wheel", 10, ["bob"]), group("wheel", 11, ["eve"])]})
	found := su_restricted.deny with input as with_wheel
	{finding.key | some finding in found} == {"bob", "eve"}
}

test_without_wheel_it_is_group_zero if {
	rules := [rootok, wheel("required", ["use_uid"]), unix]
	count(su_restricted.deny) == 0 with input as guest(rules, [])
	count(su_restricted.deny) == 1 with input as object.union(guest(rules, []), {"groups": [group("root", 0, ["bob"])]})
}

test_rules_that_let_others_through if {
	some finding in su_restricted.deny with input as guest([rootok, wheel("sufficient", ["trust", "use_uid"]), unix], [])
	finding.msg == "su asks whoever calls it for a password: pam_wheel.so is sufficient trust use_uid"
	count(su_restricted.deny) == 1 with input as guest([rootok, wheel("required", ["deny", "use_uid"]), unix], [])
	count(su_restricted.deny) == 1 with input as guest([rootok, unix, wheel("required", ["use_uid", "group=sugroup"])], [])
}

test_use_uid if {
	some finding in su_restricted.deny with input as guest([rootok, wheel("required", ["group=sugroup"]), unix], [])
	finding.key == "use_uid"
}

test_the_login_shell_has_a_service_of_its_own if {
	some finding in su_restricted.deny with input as object.union(pass, {"pam": {"services": {"su-l": example.service("su-l", {"auth": [unix]})}}})
	finding.key == "su-l"
}

test_without_a_file_the_one_for_all_counts if {
	others := object.union(pass, {"pam": {"services": object.remove(pass.pam.services, ["su"])}})
	input_without := {"pam": {"services": {"other": others.pam.services.other}}, "groups": pass.groups, "users": pass.users, "files": pass.files}
	some finding in su_restricted.deny with input as input_without
	finding.key == "other"
}

test_no_service_at_all if {
	some finding in su_restricted.deny with input as {"pam": {"services": {}}, "groups": [], "users": [], "files": pass.files}
	finding.key == "su"
}

test_not_applicable_without_su if {
	not su_restricted.applicable with input as absent
	su_restricted.applicable with input as pass
}
