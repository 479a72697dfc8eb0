package guestctl.users.invalid_shell_locked_test

import data.guestctl.users.invalid_shell_locked

user(fields) := object.union(
	{
		"name": "ftp",
		"shell": "/bin/weird",
		"shell_valid": false,
		"login_shell": true,
		"password_in_passwd": "x",
		"shadow": {"state": "locked", "source": {"path": "/etc/shadow", "line": 9}},
		"source": {"path": "/etc/passwd", "line": 8},
	},
	fields,
)

guest(fields) := {"users": [user(fields)], "shells": ["/bin/sh"]}

pass := guest({})

fail := guest({"shadow": {"state": "hash"}})

test_pass if count(invalid_shell_locked.deny) == 0 with input as pass

test_fail if {
	some finding in invalid_shell_locked.deny with input as fail
	finding.msg == "ftp is not locked, and its shell /bin/weird lets nobody in"
	finding.evidence == [{"path": "/etc/passwd", "line": 8}]
}

test_nologin_lets_nobody_in_even_if_it_is_valid if {
	count(invalid_shell_locked.deny) == 1 with input as guest({"shell": "/usr/sbin/nologin", "shell_valid": true, "login_shell": false, "shadow": {"state": "hash"}})
}

test_no_password_is_not_locked if count(invalid_shell_locked.deny) == 1 with input as guest({"shadow": {"state": "empty"}})

test_a_hash_in_passwd_goes_before_shadow if {
	count(invalid_shell_locked.deny) == 1 with input as guest({"password_in_passwd": "hash"})
	count(invalid_shell_locked.deny) == 1 with input as guest({"password_in_passwd": "hash", "shadow": null})
	count(invalid_shell_locked.deny) == 0 with input as guest({"password_in_passwd": "locked", "shadow": {"state": "hash"}})
}

test_states_that_are_locked if {
	every state in ["locked", "locked_hash", "none", "missing"] {
		count(invalid_shell_locked.deny) == 0 with input as guest({"shadow": {"state": state}})
	}
}

test_a_valid_shell if count(invalid_shell_locked.deny) == 0 with input as guest({"shell_valid": true, "shadow": {"state": "hash"}})

test_root_is_left_alone if count(invalid_shell_locked.deny) == 0 with input as guest({"name": "root", "shadow": {"state": "hash"}})
