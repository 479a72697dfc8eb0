# METADATA
# title: New files are closed to others by default
# description: >-
#   The umask takes permissions from every new file. It comes from the shells' start-up files, from pam_umask, and from UMASK of
#   login.defs, which pam_umask and useradd read: all that are found must be strict enough, and a start-up file for all, or
#   pam_umask, must set one. The start-up files are read and not run, so a command within a condition counts. That pam_umask gives
#   the group of a user the rights of the user, where USERGROUPS_ENAB says so, is accepted.
# related_resources:
#   - https://man7.org/linux/man-pages/man8/pam_umask.8.html
#   - https://man7.org/linux/man-pages/man5/login.defs.5.html
# custom:
#   id: passwords-default-umask
#   severity: medium
#   facts: [profile, login_defs, pam]
#   may_be_absent: [login_defs, pam]
#   levels: [cis-l1, anssi-enhanced]
#   controls:
#     ref: [GL-PWD-006]
#     ssg: [accounts_umask_etc_login_defs, accounts_umask_etc_profile, accounts_umask_etc_bashrc]
#     cis_debian12: ["5.4.3.3"]
#     cis_ubuntu2204: ["5.4.3.3"]
#     cis_rhel9: ["5.4.3.3"]
#     anssi_bp28: [R36]
#     stig_ubuntu2204: [UBTU-22-412035]
#     stig_ubuntu2404: [UBTU-24-300030]
#     stig_rhel9: [RHEL-09-412055, RHEL-09-412065, RHEL-09-412070]
#     nist_800_53: ["AC-6(1)", "CM-6(a)"]
#   params:
#     umask: {type: string, default: "027", doc: permissions that a new file may not have in octal}
#   remediation: >-
#     Write "UMASK 027" into /etc/login.defs, and "umask 027" into a file of /etc/profile.d and into /etc/bash.bashrc (/etc/bashrc
#     on RHEL).
package guestctl.passwords.default_umask

import data.guestctl.lib
import data.guestctl.params

wanted := params["passwords-default-umask"].umask

expected := sprintf("%s or stricter", [wanted])

# settings are all masks that a session may begin with: the weakest counts, since which one it gets depends on the way in.
settings := array.concat(
	[["umask", setting.mode, setting.value, setting] | some setting in input.profile.umask],
	array.concat(
		[["umask of pam_umask", rule.options.umask, rule.options.umask, rule] | some rule in pam_umask; rule.options.umask],
		[["UMASK", umask.value, umask.value, umask] |
			matters
			umask := object.get(input, ["login_defs", "UMASK"], {"value": "not set", "source": null})
		],
	),
)

deny contains finding if {
	some [what, mode, value, setting] in settings
	known(mode)
	not covers(mode)
	finding := finding_of(what, value, setting)
}

deny contains finding if {
	count(for_all) == 0
	finding := {
		"msg": sprintf("no start-up file of the shells and no pam_umask sets a umask, want %s", [expected]),
		"actual": "none",
		"expected": expected,
	}
}

finding_of(what, value, setting) := {
	"key": sprintf("%s %s", [what, lib.origin(setting)]),
	"msg": sprintf("%s is %s, want %s (%s)", [what, value, expected, lib.origin(setting)]),
	"actual": sprintf("%s %s", [what, value]),
	"expected": expected,
	"evidence": lib.evidence(setting),
}

# matters reports whether anything reads login.defs: a program that brought it, or pam_umask, which takes 022 without it.
matters if input.login_defs

matters if count(pam_umask) > 0

# for_all are the places that set the mask of everybody's sessions. UMASK of login.defs does so only by way of pam_umask.
for_all := array.concat(
	pam_umask,
	[setting |
		some setting in input.profile.umask
		not startswith(setting.source.path, "/root/")
	],
)

pam_umask := [rule |
	some service in input.pam.services
	some rule in service.session
	rule.module == "pam_umask.so"
	rule.reachable
]

# A mode is "" where the command depends on what the shell would know.
known(mode) if mode != ""

covers(mode) if {
	regex.match(`^[0-7]{1,4}$`, mode)
	every pair in [[digit(mode, i), digit(wanted, i)] | some i in [0, 1, 2]] {
		bits.and(pair[0], pair[1]) == pair[1]
	}
}

# digit is one of the last three digits of a mask.
digit(mask, i) := to_number(substring(sprintf("000%s", [mask]), count(mask) + i, 1))

unknown contains {"msg": sprintf("%s %s cannot be worked out (%s)", [what, value, lib.origin(setting)]), "evidence": [setting.source]} if {
	count(deny) == 0
	some [what, mode, value, setting] in settings
	not known(mode)
}
