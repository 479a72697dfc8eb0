# METADATA
# title: GRUB asks for a password before its menu is changed
# description: >-
#   Who can edit an entry of the menu, or use its command line, starts a shell as root without any password. GRUB has superusers, and each
#   of them has a password that is stored as a PBKDF2 hash; one that is stored as it is can be read in the file.
# related_resources:
#   - https://www.gnu.org/software/grub/manual/grub/html_node/Authentication-and-authorisation.html
# custom:
#   id: boot-grub-password
#   severity: high
#   facts: [boot]
#   levels: [cis-l1, anssi-intermediary]
#   controls:
#     ref: [GL-BOO-001]
#     ssg: [grub2_password, grub2_uefi_password]
#     cis_debian12: ["1.4.1"]
#     cis_ubuntu2204: ["1.4.1"]
#     cis_rhel9: ["1.4.1"]
#     anssi_bp28: [R5]
#     stig_ubuntu2204: [UBTU-22-212010]
#     stig_ubuntu2404: [UBTU-24-102000]
#     stig_rhel9: [RHEL-09-212010]
#     nist_800_53: ["CM-6(a)"]
#   remediation: >-
#     Run grub-mkpasswd-pbkdf2, write 'set superusers="admin"' and "password_pbkdf2 admin grub.pbkdf2.sha512…" into /etc/grub.d/40_custom,
#     add --unrestricted to CLASS in /etc/grub.d/10_linux, and run update-grub. On RHEL run grub2-setpassword.
package guestctl.boot.grub_password

import data.guestctl.lib

grub := input.boot.grub

applicable if not is_null(grub)

skip_reason := "the guest's boot menu is not GRUB's"

passwords(name) := [user | some user in grub.password_users; user.name == name]

hashed(name) := [user | some user in passwords(name); user.kind == "pbkdf2"]

certain(users) if {
	some user in users
	not user.maybe
}

unknown contains {"msg": sprintf("only a running GRUB knows whether %s has a password", [name]), "evidence": [user.source | some user in hashed(name)]} if {
	count(deny) == 0
	some name in grub.superusers
	not certain(hashed(name))
}

deny contains finding if {
	count(grub.superusers) == 0
	finding := {
		"msg": "GRUB has no superusers: everybody may edit its entries",
		"actual": "no superusers",
		"expected": "superusers with a PBKDF2 password",
		"evidence": [{"path": grub.cfg}],
		"key": "superusers",
	}
}

deny contains finding if {
	some name in grub.superusers
	count(hashed(name)) == 0
	finding := {
		"msg": sprintf("the superuser %s has no password that is stored as a PBKDF2 hash", [name]),
		"actual": sprintf("%s has %s", [name, concat(", ", array.concat([user.kind | some user in passwords(name)], ["no hash"]))]),
		"expected": sprintf("password_pbkdf2 %s", [name]),
		"evidence": array.concat([grub.superusers_source], [user.source | some user in passwords(name)]),
		"key": name,
	}
}

deny contains finding if {
	some user in grub.password_users
	user.kind == "plain"
	finding := {
		"msg": sprintf("the password of %s is stored as it is (%s)", [user.name, lib.origin(user)]),
		"actual": sprintf("password %s", [user.name]),
		"expected": sprintf("password_pbkdf2 %s", [user.name]),
		"evidence": [user.source],
		"key": sprintf("%s plain", [user.name]),
	}
}
