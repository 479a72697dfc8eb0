package guestctl.users.password_change_past_test

import data.guestctl.users.password_change_past

guest(state, day) := {
	"meta": {"now_day": 20780},
	"users": [{
		"name": "bob",
		"shadow": {"state": state, "last_change": day, "source": {"path": "/etc/shadow", "line": 25}},
		"source": {"path": "/etc/passwd", "line": 25},
	}],
}

pass := guest("hash", 20780)

fail := guest("hash", 20790)

test_pass if count(password_change_past.deny) == 0 with input as pass

test_fail if {
	some finding in password_change_past.deny with input as fail
	finding.msg == "the password of bob was last changed on day 20790, which is 10 days ahead"
	finding.evidence == [{"path": "/etc/shadow", "line": 25}]
}

test_days_that_mean_something_else if {
	count(password_change_past.deny) == 0 with input as guest("hash", 0)
	count(password_change_past.deny) == 0 with input as guest("hash", null)
}

test_a_locked_account if count(password_change_past.deny) == 0 with input as guest("locked", 30000)
