package guestctl.windows.guest_account_test

import data.guestctl.windows.guest_account

guest(disabled) := {"windows_accounts": {"users": [{"name": "Gast", "rid": 501, "disabled": disabled, "source": {"path": "/Windows/System32/config/SAM"}}]}}

pass := guest(true)

fail := guest(false)

test_pass if count(guest_account.deny) == 0 with input as pass

test_fail if {
	some finding in guest_account.deny with input as fail
	finding.msg == "the guest account Gast is enabled"
	finding.evidence == [{"path": "/Windows/System32/config/SAM"}]
}
