# METADATA
# title: Root has no password
# description: >-
#   A password in an image is the same on every machine, is known to everybody who built one, and can be tried at leisure by
#   whoever has a copy. Root's is set for each machine, or never. Every account with the number 0 counts.
# related_resources:
#   - https://man7.org/linux/man-pages/man5/shadow.5.html
# custom:
#   id: hygiene-root-password
#   severity: high
#   facts: [users]
#   controls:
#     ref: [GI-019]
#     nist_800_53: [IA-5]
#   remediation: Run "passwd -l root" as the last step of the build.
package guestctl.hygiene.root_password

import data.guestctl.lib.accounts
import data.guestctl.lib.leftovers

deny contains finding if {
	some user in input.users
	user.uid == 0
	accounts.lets_in(user)
	finding := {
		"msg": sprintf("%s %s", [user.name, leftovers.password(user)]),
		"actual": sprintf("%s %s", [user.name, leftovers.password(user)]),
		"expected": "a locked password",
		"evidence": places(user),
		"key": user.name,
	}
}

# places are the lines of passwd and shadow.
places(user) := array.concat([user.source], [s | s := user.shadow.source; not is_null(s)])

unknown contains {"msg": sprintf("whether %s has a password is not known", [user.name])} if {
	count(deny) == 0
	some user in input.users
	user.uid == 0
	is_null(user.shadow)
}
