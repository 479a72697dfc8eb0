package guestctl.users.no_empty_passwords_test

import data.guestctl.users.no_empty_passwords

user(field, state) := {
	"name": "ana",
	"password_in_passwd": field,
	"shadow": {"state": state, "source": {"path": "/etc/shadow", "line": 24}},
	"source": {"path": "/etc/passwd", "line": 23},
}

pass := {"users": [user("x", "hash")]}

fail := {"users": [user("x", "empty")]}

test_pass if count(no_empty_passwords.deny) == 0 with input as pass

test_fail if {
	some finding in no_empty_passwords.deny with input as fail
	finding.msg == "ana has an empty password in /etc/shadow"
	finding.evidence == [{"path": "/etc/shadow", "line": 24}]
}

test_empty_in_passwd_without_a_line_in_shadow if {
	missing := object.union(user("empty", "missing"), {"shadow": {"source": null}})
	some finding in no_empty_passwords.deny with input as {"users": [missing]}
	finding.evidence == [{"path": "/etc/passwd", "line": 23}]
}

test_empty_in_passwd_where_shadow_was_not_read if {
	count(no_empty_passwords.deny) == 1 with input as {"users": [object.union(user("empty", "missing"), {"shadow": null})]}
}

test_locked_is_not_empty if {
	every state in ["locked", "locked_hash", "none", "missing"] {
		count(no_empty_passwords.deny) == 0 with input as {"users": [user("x", state)]}
	}
}
