package guestctl.windows.auto_logon_test

import data.guestctl.windows.auto_logon

guest(on, found) := {
	"windows_security": {"logon": {"auto_admin_logon": {"value": on, "source": {"path": "/Windows/System32/config/SOFTWARE"}}}},
	"windows_secrets": {"found": found},
}

secret := {"kind": "default-password", "name": "DefaultPassword", "source": {"path": "/Windows/System32/config/SOFTWARE"}}

pass := guest(0, [])

fail := guest(1, [])

test_pass if count(auto_logon.deny) == 0 with input as pass

test_fail if {
	some finding in auto_logon.deny with input as fail
	finding.msg == "AutoAdminLogon is 1, want 0 (/Windows/System32/config/SOFTWARE)"
}

test_a_password_that_is_left if {
	some finding in auto_logon.deny with input as guest(0, [secret])
	finding.msg == "a password of a logon lies in the registry: DefaultPassword"
}

test_other_secrets if count(auto_logon.deny) == 0 with input as guest(0, [object.union(secret, {"kind": "vnc"})])
