package guestctl.passwords.inactive_lock_test

import data.guestctl.passwords.inactive_lock

setting(value) := {"value": value, "explicit": true, "source": {"path": "/etc/default/useradd", "line": 165}}

user(state, days) := {
	"name": "bob",
	"shadow": {"state": state, "inactive": days, "source": {"path": "/etc/shadow", "line": 25}},
	"source": {"path": "/etc/passwd", "line": 25},
}

guest(value, days) := {"useradd": {"INACTIVE": setting(value)}, "users": [user("hash", days)]}

pass := guest("45", 45)

fail := guest("90", 45)

test_pass if count(inactive_lock.deny) == 0 with input as pass

test_fail if {
	some finding in inactive_lock.deny with input as fail
	finding.msg == "INACTIVE is 90, want 0 to 45 (/etc/default/useradd line 165)"
	finding.evidence == [{"path": "/etc/default/useradd", "line": 165}]
}

test_an_account_of_its_own if {
	some finding in inactive_lock.deny with input as guest("45", 90)
	finding.msg == "the time until the lock of bob is 90 days, want 0 to 45"
	finding.evidence == [{"path": "/etc/shadow", "line": 25}]
}

test_an_account_without_it if {
	some finding in inactive_lock.deny with input as guest("45", null)
	finding.msg == "the time until the lock of bob is not set, want 0 to 45"
}

test_accounts_whose_password_lets_nobody_in if {
	every state in ["locked", "locked_hash", "none", "missing"] {
		count(inactive_lock.deny) == 0 with input as object.union(pass, {"users": [user(state, null)]})
	}
}

test_a_guest_without_the_file if {
	count(inactive_lock.deny) == 1 with input as {"users": [user("hash", 45)]}
	count(inactive_lock.deny) == 2 with input as {"users": [user("hash", null)]}
}

test_never if {
	some finding in inactive_lock.deny with input as object.union(pass, {"useradd": {"INACTIVE": {"value": "-1", "explicit": false, "source": null}}})
	finding.msg == "INACTIVE is -1, want 0 to 45 (the default)"
	count(inactive_lock.deny) == 1 with input as guest("", 45)
	count(inactive_lock.deny) == 1 with input as guest("45", -1)
}

test_at_once if count(inactive_lock.deny) == 0 with input as guest("0", 0)
