package guestctl.passwords.min_days_test

import data.guestctl.passwords.min_days

setting(value) := {"value": value, "explicit": true, "source": {"path": "/etc/login.defs", "line": 165}}

user(state, days) := {
	"name": "bob",
	"shadow": {"state": state, "min": days, "source": {"path": "/etc/shadow", "line": 25}},
	"source": {"path": "/etc/passwd", "line": 25},
}

guest(value, days) := {"login_defs": {"PASS_MIN_DAYS": setting(value)}, "users": [user("hash", days)]}

pass := guest("1", 1)

fail := guest("0", 1)

test_pass if count(min_days.deny) == 0 with input as pass

test_fail if {
	some finding in min_days.deny with input as fail
	finding.msg == "PASS_MIN_DAYS is 0, want at least 1 (/etc/login.defs line 165)"
	finding.evidence == [{"path": "/etc/login.defs", "line": 165}]
}

test_an_account_of_its_own if {
	some finding in min_days.deny with input as guest("1", 0)
	finding.msg == "the minimum age of bob is 0 days, want at least 1"
	finding.evidence == [{"path": "/etc/shadow", "line": 25}]
}

test_an_account_without_it if {
	some finding in min_days.deny with input as guest("1", null)
	finding.msg == "the minimum age of bob is not set, want at least 1"
}

test_accounts_whose_password_lets_nobody_in if {
	every state in ["locked", "locked_hash", "none", "missing"] {
		count(min_days.deny) == 0 with input as object.union(pass, {"users": [user(state, null)]})
	}
}

test_a_guest_without_the_file if {
	count(min_days.deny) == 1 with input as {"users": [user("hash", 1)]}
	count(min_days.deny) == 2 with input as {"users": [user("hash", null)]}
}

test_a_setting_that_is_missing_or_no_number if {
	some finding in min_days.deny with input as json.remove(pass, ["/login_defs/PASS_MIN_DAYS"])
	finding.msg == "PASS_MIN_DAYS is not set, want at least 1 (the default)"
	every value in ["", "many", "1 # days", "01"] {
		count(min_days.deny) == 1 with input as guest(value, 1)
	}
}
