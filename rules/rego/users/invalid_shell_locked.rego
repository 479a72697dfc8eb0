# METADATA
# title: Accounts without a valid shell are locked
# description: >-
#   An account whose shell is nologin, or is not in /etc/shells, is not meant to be used, yet its password still opens other
#   services: mail, FTP, sudo. It is locked if no password can match.
# related_resources:
#   - https://man7.org/linux/man-pages/man5/shells.5.html
# custom:
#   id: users-invalid-shell-locked
#   severity: medium
#   facts: [users, shells]
#   may_be_absent: [shells]
#   levels: [cis-l1]
#   controls:
#     ref: [GL-USR-010]
#     ssg: [no_invalid_shell_accounts_unlocked]
#     cis_debian12: ["5.4.2.8"]
#     cis_ubuntu2204: ["5.4.2.8"]
#     cis_rhel9: ["5.4.2.8"]
#   params:
#     exempt: {type: array, default: [root], doc: names of accounts that need not be locked}
#   remediation: Lock the account with "usermod -L NAME".
package guestctl.users.invalid_shell_locked

import data.guestctl.lib
import data.guestctl.lib.accounts
import data.guestctl.params

deny contains finding if {
	some user in input.users
	not may_log_in(user)
	accounts.lets_in(user)
	not user.name in params["users-invalid-shell-locked"].exempt
	finding := {
		"key": sprintf("%s at %s", [user.name, lib.origin(user)]),
		"msg": sprintf("%s is not locked, and its shell %s lets nobody in", [user.name, accounts.shell_of(user)]),
		"actual": sprintf("%s: not locked", [user.name]),
		"expected": "locked, or a shell of /etc/shells",
		"evidence": [user.source],
	}
}

may_log_in(user) if {
	user.shell_valid
	user.login_shell
}
