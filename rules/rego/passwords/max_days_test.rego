package guestctl.passwords.max_days_test

import data.guestctl.passwords.max_days

setting(value) := {"value": value, "explicit": true, "source": {"path": "/etc/login.defs", "line": 165}}

user(state, days) := {
	"name": "bob",
	"shadow": {"state": state, "max": days, "source": {"path": "/etc/shadow", "line": 25}},
	"source": {"path": "/etc/passwd", "line": 25},
}

guest(value, days) := {"login_defs": {"PASS_MAX_DAYS": setting(value)}, "users": [user("hash", days)]}

pass := guest("365", 365)

fail := guest("99999", 365)

test_pass if count(max_days.deny) == 0 with input as pass

test_fail if {
	some finding in max_days.deny with input as fail
	finding.msg == "PASS_MAX_DAYS is 99999, want 1 to 365 (/etc/login.defs line 165)"
	finding.evidence == [{"path": "/etc/login.defs", "line": 165}]
}

test_an_account_of_its_own if {
	some finding in max_days.deny with input as guest("365", 99999)
	finding.msg == "the maximum age of bob is 99999 days, want 1 to 365"
	finding.evidence == [{"path": "/etc/shadow", "line": 25}]
}

test_an_account_without_it if {
	some finding in max_days.deny with input as guest("365", null)
	finding.msg == "the maximum age of bob is not set, want 1 to 365"
}

test_accounts_whose_password_lets_nobody_in if {
	every state in ["locked", "locked_hash", "none", "missing"] {
		count(max_days.deny) == 0 with input as object.union(pass, {"users": [user(state, null)]})
	}
}

test_a_guest_without_the_file if {
	count(max_days.deny) == 1 with input as {"users": [user("hash", 365)]}
	count(max_days.deny) == 2 with input as {"users": [user("hash", null)]}
}

test_a_setting_that_is_missing_or_no_number if {
	some finding in max_days.deny with input as json.remove(pass, ["/login_defs/PASS_MAX_DAYS"])
	finding.msg == "PASS_MAX_DAYS is not set, want 1 to 365 (the default)"
	every value in ["", "many", "365 # days", "0365"] {
		count(max_days.deny) == 1 with input as guest(value, 365)
	}
}

test_no_limit_by_other_numbers if {
	every value in ["-1", "0"] {
		count(max_days.deny) == 1 with input as guest(value, 365)
	}
	every days in [-1, 0, 366] {
		count(max_days.deny) == 1 with input as guest("365", days)
	}
}

test_another_limit if {
	count(max_days.deny) == 2 with input as pass with data.guestctl.params as {"passwords-max-days": {"days": 60}}
}
