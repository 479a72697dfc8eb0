package guestctl.windows.accounts_without_password_test

import data.guestctl.windows.accounts_without_password

user(changes) := object.union(
	{
		"name": "bob",
		"rid": 1001,
		"disabled": false,
		"password_set": true,
		"password_not_required": false,
		"smartcard_required": false,
		"reversible": false,
		"source": {"path": "/Windows/System32/config/SAM"},
	},
	changes,
)

guest(changes) := {"windows_accounts": {"users": [user(changes)]}}

pass := guest({})

fail := guest({"password_set": false})

test_pass if count(accounts_without_password.deny) == 0 with input as pass

test_fail if {
	some finding in accounts_without_password.deny with input as fail
	finding.msg == "bob has no password"
}

test_each if {
	every changes in [{"password_not_required": true}, {"reversible": true}] {
		count(accounts_without_password.deny) == 1 with input as guest(changes)
	}
}

test_disabled_or_with_a_card if {
	every changes in [{"password_set": false, "disabled": true}, {"password_set": false, "smartcard_required": true}] {
		count(accounts_without_password.deny) == 0 with input as guest(changes)
	}
}
