package guestctl.hygiene.user_accounts_test

import data.guestctl.hygiene.user_accounts

user(name, state) := {
	"name": name, "uid": 1000, "gid": 1000, "gecos": "", "home": "/home/x", "shell": "/bin/bash", "password_in_passwd": "x",
	"interactive": true, "login_shell": true, "shadow": {"state": state, "lines": 1}, "source": {"path": "/etc/passwd", "line": 30},
}

pass := {"users": [user("root", "locked"), user("ubuntu", "locked"), user("ops", "hash")]}

fail := {"users": [user("root", "locked"), user("vagrant", "hash")]}

test_pass if count(user_accounts.deny) == 0 with input as pass

test_fail if {
	some finding in user_accounts.deny with input as fail
	finding.msg == "vagrant is an account of the build"
	finding.evidence == [{"path": "/etc/passwd", "line": 30}]
}

test_locked_is_not_gone if count(user_accounts.deny) == 1 with input as {"users": [user("packer", "locked")]}

test_a_default_account_with_a_password if {
	some finding in user_accounts.deny with input as {"users": [user("ubuntu", "hash")]}
	finding.msg == "ubuntu has a password"
}

test_a_default_account_without_any if {
	some finding in user_accounts.deny with input as {"users": [user("debian", "empty")]}
	finding.msg == "debian needs no password"
}

test_a_password_in_passwd_itself if {
	count(user_accounts.deny) == 1 with input as {"users": [object.union(user("debian", "locked"), {"password_in_passwd": "hash"})]}
}

unread := object.union(user("ubuntu", "locked"), {"shadow": null})

test_unread_shadow if {
	some reason in user_accounts.unknown with input as {"users": [unread]}
	reason.msg == "whether ubuntu has a password is not known"
}

test_a_finding_is_one_whatever_was_not_read if count(user_accounts.unknown) == 0 with input as {"users": [unread, user("vagrant", "locked")]}
