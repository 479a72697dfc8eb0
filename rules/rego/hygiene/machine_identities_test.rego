package guestctl.hygiene.machine_identities_test

import data.guestctl.hygiene.machine_identities

name := `^\s*InitiatorName=`

guest(found, files) := {
	"files": {"/etc/iscsi/initiatorname.iscsi": {
		"exists": true, "type": "file", "mode": "0600", "uid": 0, "gid": 0, "size": 90,
		"content": {name: {"found": found, "line": 7}},
	}},
	"globs": {"/etc/ssl/private/*": {"paths": [file.path | some file in files], "files": files}},
}

pass := guest(false, [{"path": "/etc/ssl/private/old", "type": "dir", "size": 4096}])

fail := guest(true, [{"path": "/etc/ssl/private/ssl-cert-snakeoil.key", "type": "file", "size": 1708}])

test_pass if count(machine_identities.deny) == 0 with input as pass

test_fail if {
	found := machine_identities.deny with input as fail
	{finding.msg | some finding in found} == {
		"/etc/ssl/private/ssl-cert-snakeoil.key has 1708 bytes",
		"/etc/iscsi/initiatorname.iscsi names one machine (line 7)",
	}
	{"path": "/etc/iscsi/initiatorname.iscsi", "line": 7} in {place | some finding in found; some place in finding.evidence}
}

test_what_is_allowed if {
	found := machine_identities.deny with input as fail with data.guestctl.params as {"hygiene-machine-identities": {"allowed": ["/etc/ssl/**", "/etc/iscsi/*"]}}
	count(found) == 0
}

test_a_directory_in_its_place if {
	dir := {"/etc/iscsi/initiatorname.iscsi": {"exists": true, "type": "dir", "mode": "0755", "uid": 0, "gid": 0, "size": 4096}}
	some reason in machine_identities.unknown with input as {"files": dir, "globs": pass.globs}
	reason.msg == "what is in /etc/iscsi/initiatorname.iscsi was not looked at"
}

test_nothing_in_its_place if {
	count(machine_identities.unknown) == 0 with input as {"files": {"/etc/iscsi/initiatorname.iscsi": {"exists": false, "uid": 0, "gid": 0, "size": 0}}, "globs": pass.globs}
}
