# METADATA
# title: The built-in administrator is disabled or has another name
# description: >-
#   Every Windows has the account with the number 500, it is never locked out by default, and its name is what every attack
#   tries.
# custom:
#   id: windows-administrator-account
#   severity: medium
#   facts: [windows_accounts]
#   levels: [cis-l1]
#   controls:
#     ref: [GL-WIN-104]
#     cis_windows2022: ["2.3.1.1", "2.3.1.5"]
#   params:
#     names: {type: array, default: [Administrator, Administrateur, Administrador, Amministratore, Администратор, Järjestelmänvalvoja, Administratör, Rendszergazda], doc: names that Windows gives it}
#   remediation: >-
#     Disable the account, or set "Accounts: Rename administrator account".
package guestctl.windows.administrator_account

import data.guestctl.lib.windows
import data.guestctl.params

names := {lower(name) | some name in params["windows-administrator-account"].names}

deny contains finding if {
	some user in windows.enabled(input.windows_accounts)
	user.rid == 500
	lower(user.name) in names
	finding := windows.account(user, sprintf("the built-in administrator is enabled and called %s", [user.name]), "disabled, or another name")
}
