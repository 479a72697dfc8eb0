package guestctl.hygiene.logs_test

import data.guestctl.hygiene.logs

entry(path, type, size) := {"path": path, "type": type, "mode": "0640", "uid": 0, "gid": 0, "owner": "root", "group": "adm", "size": size}

log_files(files) := {"log_files": {"complete": true, "truncated": false, "seen": count(files), "files": files}}

pass := log_files([
	entry("/var/log/README", "symlink", 39),
	entry("/var/log/apt", "dir", 4096),
	entry("/var/log/wtmp", "file", 0),
])

fail := log_files([entry("/var/log/dpkg.log", "file", 9000), entry("/var/log/apt/history.log", "file", 7)])

test_pass if count(logs.deny) == 0 with input as pass

test_fail if {
	found := logs.deny with input as fail
	{finding.msg | some finding in found} == {"/var/log/dpkg.log has 9000 bytes", "/var/log/apt/history.log has 7 bytes"}
	some finding in found
	finding.evidence == ["/var/log/dpkg.log"]
}

test_what_is_allowed if {
	count(logs.deny) == 0 with input as fail
		with data.guestctl.params as {"hygiene-logs": {"allowed": ["/var/log/*.log", "/var/log/apt/**"]}}
}
