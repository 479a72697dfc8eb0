package guestctl.ssh.access_limited_test

import data.guestctl.lib.sshd_test
import data.guestctl.ssh.access_limited

lists(given) := object.union({"allowusers": [], "allowgroups": [], "denyusers": [], "denygroups": []}, given)

pass := sshd_test.server(lists({"allowgroups": ["ssh-users"]}))

fail := sshd_test.defaults(lists({}))

test_pass if count(access_limited.deny) == 0 with input as pass

test_fail if {
	some finding in access_limited.deny with input as fail
	finding.msg == "neither AllowUsers, AllowGroups, DenyUsers nor DenyGroups keeps anybody out"
	finding.evidence == []
}

test_pattern_for_everybody_fails if {
	some pattern in ["*", "**", "*@*"]
	some finding in access_limited.deny with input as sshd_test.server(lists({"allowusers": ["root", pattern]}))
	sshd_test.source in finding.evidence
}

test_pattern_for_a_network_passes if {
	count(access_limited.deny) == 0 with input as sshd_test.server(lists({"allowusers": ["*@192.0.2.*"]}))
}

test_denied_users_pass if count(access_limited.deny) == 0 with input as sshd_test.server(lists({"denyusers": ["root"]}))

test_match_block_may_open if {
	some finding in access_limited.deny with input as sshd_test.matching(pass, {"allowgroups": ["*"]})
	finding.msg == "for Match user bob no list keeps anybody out"
	finding.evidence == [sshd_test.block_source, sshd_test.setting_source]
}

# AllowGroups of the server still holds there.
test_match_block_with_another_list_passes if {
	count(access_limited.deny) == 0 with input as sshd_test.matching(pass, {"allowusers": ["*"]})
}

test_match_block_about_something_else_passes if {
	count(access_limited.deny) == 0 with input as sshd_test.matching(pass, {"x11forwarding": "yes"})
}

# A server that does not know a keyword has no list by it.
test_missing_keywords_limit_nothing if count(access_limited.deny) == 1 with input as sshd_test.server({"allowusers": []})
