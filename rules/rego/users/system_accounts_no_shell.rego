# METADATA
# title: Accounts of the system have no login shell
# description: >-
#   Services run under accounts that nobody logs in to. A shell such as nologin keeps it so when a password or a key gets there.
#   Accounts of the system are those below UID_MIN of login.defs, 1000 where it says nothing, and nobody.
# custom:
#   id: users-system-accounts-no-shell
#   severity: medium
#   facts: [users, login_defs]
#   may_be_absent: [login_defs]
#   levels: [cis-l1]
#   controls:
#     ref: [GL-USR-009]
#     ssg: [no_shelllogin_for_systemaccounts]
#     cis_debian12: ["5.4.2.7"]
#     cis_ubuntu2204: ["5.4.2.7"]
#     cis_rhel9: ["5.4.2.7"]
#     stig_rhel9: [RHEL-09-411035]
#     nist_800_53: [AC-6, "CM-6(a)", "CM-6(b)", "CM-6.1(iv)"]
#     pci_dss_4: ["8.2.2"]
#   params:
#     exempt: {type: array, default: [root, sync, shutdown, halt, nfsnobody], doc: names of accounts that may have a shell}
#   remediation: >-
#     Run "usermod -s /usr/sbin/nologin NAME"; where a service needs the shell, as that of PostgreSQL on Debian, name the account
#     in the parameter.
package guestctl.users.system_accounts_no_shell

import data.guestctl.lib
import data.guestctl.lib.accounts
import data.guestctl.params

default uid_min := 1000

uid_min := lib.number(input.login_defs.UID_MIN.value)

deny contains finding if {
	some user in input.users
	user.login_shell
	of_the_system(user.uid)
	not user.name in params["users-system-accounts-no-shell"].exempt
	finding := {
		"key": sprintf("%s at %s", [user.name, lib.origin(user)]),
		"msg": sprintf("%s (uid %d) has the login shell %s", [user.name, user.uid, accounts.shell_of(user)]),
		"actual": sprintf("%s: %s", [user.name, accounts.shell_of(user)]),
		"expected": "nologin or false",
		"evidence": [user.source],
	}
}

of_the_system(uid) if uid < uid_min

of_the_system(65534)
