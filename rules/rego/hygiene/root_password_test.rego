package guestctl.hygiene.root_password_test

import data.guestctl.hygiene.root_password

user(name, uid, state) := {
	"name": name, "uid": uid, "gid": uid, "gecos": "", "home": "/root", "shell": "/bin/bash", "password_in_passwd": "x",
	"shadow": {"state": state, "lines": 1, "source": {"path": "/etc/shadow", "line": 1}}, "source": {"path": "/etc/passwd", "line": 1},
}

pass := {"users": [user("root", 0, "locked"), user("ops", 1000, "hash")]}

fail := {"users": [user("root", 0, "hash"), user("ops", 1000, "hash")]}

test_pass if count(root_password.deny) == 0 with input as pass

test_states_that_let_nobody_in if {
	every state in ["locked_hash", "none", "missing"] {
		count(root_password.deny) == 0 with input as {"users": [user("root", 0, state)]}
	}
}

test_fail if {
	found := root_password.deny with input as fail
	count(found) == 1
	some finding in found
	finding.msg == "root has a password"
	finding.evidence == [{"path": "/etc/passwd", "line": 1}, {"path": "/etc/shadow", "line": 1}]
}

test_no_password_at_all if {
	some finding in root_password.deny with input as {"users": [user("root", 0, "empty")]}
	finding.msg == "root needs no password"
}

test_another_root if count(root_password.deny) == 1 with input as {"users": [user("root", 0, "locked"), user("toor", 0, "hash")]}

test_a_password_in_passwd_itself if {
	some finding in root_password.deny with input as {"users": [object.union(user("root", 0, "missing"), {
		"password_in_passwd": "hash",
		"shadow": {"source": null},
	})]}
	finding.evidence == [{"path": "/etc/passwd", "line": 1}]
}

test_unread_shadow if {
	some reason in root_password.unknown with input as {"users": [object.union(user("root", 0, "locked"), {"shadow": null})]}
	reason.msg == "whether root has a password is not known"
}
