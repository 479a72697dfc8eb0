package guestctl.users.shadowed_passwords_test

import data.guestctl.users.shadowed_passwords

user(field) := {"name": "erin", "password_in_passwd": field, "source": {"path": "/etc/passwd", "line": 29}}

line(name, path) := {"name": name, "source": {"path": path, "line": 40}}

pass := {"users": [user("x")], "nis": [line("+@admins", "/etc/group"), line("-bob", "/etc/passwd")]}

fail := {"users": [user("hash")], "nis": []}

test_pass if count(shadowed_passwords.deny) == 0 with input as pass

test_fail if {
	some finding in shadowed_passwords.deny with input as fail
	finding.msg == "the password field of erin in passwd is a hash, want x"
	finding.evidence == [{"path": "/etc/passwd", "line": 29}]
}

test_nothing_and_a_star_are_not_x if {
	every field in ["empty", "locked"] {
		count(shadowed_passwords.deny) == 1 with input as {"users": [user(field)], "nis": []}
	}
}

test_accounts_of_nis if {
	some finding in shadowed_passwords.deny with input as {"users": [user("x")], "nis": [line("+", "/etc/passwd")]}
	finding.msg == "the line \"+\" of /etc/passwd takes in accounts of NIS"
}

test_a_guest_without_facts_about_nis if {
	count(shadowed_passwords.deny) == 0 with input as {"users": [user("x")]}
	count(shadowed_passwords.deny) == 1 with input as {"users": [user("hash")]}
}
