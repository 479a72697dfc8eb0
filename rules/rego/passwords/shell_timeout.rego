# METADATA
# title: Idle shells end
# description: >-
#   A shell that somebody left open at the console is open to all who pass by. TMOUT makes the shell end by itself, and read-only
#   it stays that way. All assignments in the start-up files must be in the range, and one of them, in a file for all, read-only.
#   The files are read and not run.
# custom:
#   id: passwords-shell-timeout
#   severity: medium
#   facts: [profile]
#   levels: [cis-l1, anssi-intermediary]
#   controls:
#     ref: [GL-PWD-007]
#     ssg: [accounts_tmout]
#     cis_debian12: ["5.4.3.2"]
#     cis_ubuntu2204: ["5.4.3.2"]
#     cis_rhel9: ["5.4.3.2"]
#     anssi_bp28: [R32]
#     stig_ubuntu2204: [UBTU-22-412030]
#     stig_ubuntu2404: [UBTU-24-200060]
#     stig_rhel9: [RHEL-09-412035]
#     nist_800_53: [AC-12, "AC-2(5)", "CM-6(a)", SC-10]
#     pci_dss_4: ["8.6.1"]
#   params:
#     seconds: {type: number, default: 900, doc: seconds after which an idle shell ends at the latest}
#   remediation: Write "readonly TMOUT=900 ; export TMOUT" into a file of /etc/profile.d.
package guestctl.passwords.shell_timeout

import data.guestctl.lib
import data.guestctl.params

longest := params["passwords-shell-timeout"].seconds

expected := sprintf("1 to %d", [longest])

for_all := [setting |
	some setting in input.profile.tmout
	not startswith(setting.source.path, "/root/")
]

deny contains {"msg": sprintf("no start-up file of the shells sets TMOUT, want %s", [expected]), "actual": "not set", "expected": expected} if {
	count(for_all) == 0
}

deny contains finding if {
	some setting in input.profile.tmout
	is_number(setting.value)
	not within(setting.value)
	finding := {
		"key": lib.origin(setting),
		"msg": sprintf("TMOUT is %d, want %s (%s)", [setting.value, expected, lib.origin(setting)]),
		"actual": sprintf("TMOUT %d", [setting.value]),
		"expected": expected,
		"evidence": lib.evidence(setting),
	}
}

within(seconds) if {
	seconds >= 1
	seconds <= longest
}

deny contains finding if {
	count(for_all) > 0
	count([setting | some setting in for_all; setting.readonly]) == 0
	finding := {
		"key": "readonly",
		"msg": "TMOUT is not read-only, so that everybody may unset it",
		"actual": "TMOUT can be changed",
		"expected": "readonly TMOUT",
		"evidence": [setting.source | some setting in for_all],
	}
}

unknown contains {"msg": sprintf("TMOUT is no plain number (%s)", [lib.origin(setting)]), "evidence": [setting.source]} if {
	count(deny) == 0
	some setting in input.profile.tmout
	not is_number(setting.value)
}
