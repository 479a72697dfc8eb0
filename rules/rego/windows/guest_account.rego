# METADATA
# title: The guest account is disabled
# description: >-
#   Everybody is a guest who has no account.
# custom:
#   id: windows-guest-account
#   severity: high
#   facts: [windows_accounts]
#   levels: [cis-l1]
#   controls:
#     ref: [GL-WIN-103]
#     cis_windows2022: ["2.3.1.3"]
#   remediation: >-
#     net user Guest /active:no (the account with the number 501, whatever its name)
package guestctl.windows.guest_account

import data.guestctl.lib.windows

deny contains finding if {
	some user in windows.enabled(input.windows_accounts)
	user.rid == 501
	finding := windows.account(user, sprintf("the guest account %s is enabled", [user.name]), "disabled")
}
