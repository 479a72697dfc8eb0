# METADATA
# title: Every account that is enabled has a password, and needs one
# description: >-
#   An account without a password is open to everybody at its console, and one that needs none may lose its password at any
#   time.
# custom:
#   id: windows-accounts-without-password
#   severity: critical
#   facts: [windows_accounts]
#   controls:
#     ref: [GL-WIN-105]
#   remediation: >-
#     net user NAME * /passwordreq:yes, or disable the account.
package guestctl.windows.accounts_without_password

import data.guestctl.lib.windows

deny contains finding if {
	some user in windows.enabled(input.windows_accounts)
	some what in wrong(user)
	finding := windows.account(user, sprintf("%s %s", [user.name, what]), "a password that is required")
}

# wrong lists what is wrong with the password of an account. A card takes its place.
wrong(user) := array.concat(
	["has no password" | not user.password_set; not user.smartcard_required],
	array.concat(
		["needs no password" | user.password_not_required],
		["has a password that can be read back" | user.reversible],
	),
)
