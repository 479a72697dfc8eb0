# METADATA
# title: No account of the build is left
# description: >-
#   Tools that build images log in by accounts whose names, passwords and keys everybody knows. Those must be gone. An account
#   that images of clouds have by default may be there, and must not have a password: it is set for each machine.
# related_resources:
#   - https://libguestfs.org/virt-sysprep.1.html
# custom:
#   id: hygiene-user-accounts
#   severity: high
#   facts: [users]
#   controls:
#     ref: [GI-018]
#     nist_800_53: [AC-2, IA-5]
#   params:
#     names:
#       type: array
#       default: [builder, d-i, imagebuilder, installer, kitchen, packer, packer-build, preseed, vagrant]
#       doc: accounts that must not be there
#     defaults:
#       type: array
#       default: [admin, almalinux, alpine, arch, azureuser, centos, cloud-user, debian, ec2-user, fedora, opc, opensuse, pi, rocky, sles, test, ubuntu, user]
#       doc: accounts that must not have a password
#   remediation: Run "userdel -r NAME" for accounts of the build and "passwd -l NAME" for the others.
package guestctl.hygiene.user_accounts

import data.guestctl.lib.accounts
import data.guestctl.lib.leftovers
import data.guestctl.params

wanted := params["hygiene-user-accounts"]

deny contains finding if {
	some user in input.users
	user.name in wanted.names
	finding := {
		"msg": sprintf("%s is an account of the build", [user.name]),
		"actual": user.name,
		"expected": "no such account",
		"evidence": [user.source],
		"key": user.name,
	}
}

deny contains finding if {
	some user in input.users
	user.name in wanted.defaults
	accounts.lets_in(user)
	finding := {
		"msg": sprintf("%s %s", [user.name, leftovers.password(user)]),
		"actual": sprintf("%s %s", [user.name, leftovers.password(user)]),
		"expected": "a locked password",
		"evidence": [user.source],
		"key": user.name,
	}
}

unknown contains {"msg": sprintf("whether %s has a password is not known", [user.name])} if {
	count(deny) == 0
	some user in input.users
	user.name in wanted.defaults
	is_null(user.shadow)
}
