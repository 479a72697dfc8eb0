package guestctl.windows.administrator_account_test

import data.guestctl.windows.administrator_account

guest(name, disabled) := {"windows_accounts": {"users": [{"name": name, "rid": 500, "disabled": disabled, "source": {"path": "/Windows/System32/config/SAM"}}]}}

pass := guest("keeper", false)

fail := guest("ADMINISTRATOR", false)

test_pass if count(administrator_account.deny) == 0 with input as pass

test_disabled if count(administrator_account.deny) == 0 with input as guest("Administrator", true)

test_fail if {
	some finding in administrator_account.deny with input as fail
	finding.msg == "the built-in administrator is enabled and called ADMINISTRATOR"
}

test_names_in_other_languages if count(administrator_account.deny) == 1 with input as guest("Administrateur", false)
