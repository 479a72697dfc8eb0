package guestctl.logs.log_permissions_test

import data.guestctl.lib.files_test as example
import data.guestctl.logs.log_permissions

guest(list) := {"log_files": {"complete": true, "truncated": false, "seen": count(list), "files": list}}

log(mode) := example.entry("/var/log/auth.log", "file", mode, 0, 0)

others := [
	example.entry("/var/log", "dir", "0755", 0, 0),
	example.entry("/var/log/wtmp", "file", "0664", 0, 43),
	example.entry("/var/log/README", "symlink", "0777", 0, 0),
]

pass := guest(array.concat(others, [log("0640")]))

fail := guest(array.concat(others, [log("0644")]))

test_pass if {
	count(log_permissions.deny) == 0 with input as pass
	count(log_permissions.unknown) == 0 with input as pass
}

test_fail if {
	found := log_permissions.deny with input as fail
	{finding.msg | some finding in found} == {"/var/log/auth.log has mode 0644, want mode 0660 or stricter"}
	some finding in found
	finding.evidence == [{"path": "/var/log/auth.log"}]
}

test_a_list_that_is_cut_is_no_pass if {
	cut := object.union(pass, {"log_files": {"truncated": true, "seen": 99999}})
	some reason in log_permissions.unknown with input as cut
	reason == "only the first 4 of 99999 objects below /var/log are known"
	count(log_permissions.unknown) == 0 with input as object.union(fail, {"log_files": {"truncated": true, "seen": 99999}})
}

test_what_is_left_out if {
	params := {"logs-log-permissions": {"mode": "0600", "except": ["/var/log/**"]}}
	count(log_permissions.deny) == 0 with input as fail with data.guestctl.params as params
}
