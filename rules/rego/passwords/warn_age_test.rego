package guestctl.passwords.warn_age_test

import data.guestctl.passwords.warn_age

setting(value) := {"value": value, "explicit": true, "source": {"path": "/etc/login.defs", "line": 165}}

user(state, days) := {
	"name": "bob",
	"shadow": {"state": state, "warn": days, "source": {"path": "/etc/shadow", "line": 25}},
	"source": {"path": "/etc/passwd", "line": 25},
}

guest(value, days) := {"login_defs": {"PASS_WARN_AGE": setting(value)}, "users": [user("hash", days)]}

pass := guest("7", 7)

fail := guest("6", 7)

test_pass if count(warn_age.deny) == 0 with input as pass

test_fail if {
	some finding in warn_age.deny with input as fail
	finding.msg == "PASS_WARN_AGE is 6, want at least 7 (/etc/login.defs line 165)"
	finding.evidence == [{"path": "/etc/login.defs", "line": 165}]
}

test_an_account_of_its_own if {
	some finding in warn_age.deny with input as guest("7", 6)
	finding.msg == "the warning of bob is 6 days, want at least 7"
	finding.evidence == [{"path": "/etc/shadow", "line": 25}]
}

test_an_account_without_it if {
	some finding in warn_age.deny with input as guest("7", null)
	finding.msg == "the warning of bob is not set, want at least 7"
}

test_accounts_whose_password_lets_nobody_in if {
	every state in ["locked", "locked_hash", "none", "missing"] {
		count(warn_age.deny) == 0 with input as object.union(pass, {"users": [user(state, null)]})
	}
}

test_a_guest_without_the_file if {
	count(warn_age.deny) == 1 with input as {"users": [user("hash", 7)]}
	count(warn_age.deny) == 2 with input as {"users": [user("hash", null)]}
}

test_a_setting_that_is_missing_or_no_number if {
	some finding in warn_age.deny with input as json.remove(pass, ["/login_defs/PASS_WARN_AGE"])
	finding.msg == "PASS_WARN_AGE is not set, want at least 7 (the default)"
	every value in ["", "many", "7 # days", "07"] {
		count(warn_age.deny) == 1 with input as guest(value, 7)
	}
}
