# METADATA
# title: SSH lets in named users or groups only
# description: >-
#   Without a list every account with a shell can log in, also one that a package or a mistake brought. One of
#   AllowUsers, AllowGroups, DenyUsers and DenyGroups must keep somebody out: an allow list with a pattern for
#   everybody does not. A Match block that replaces the lists is judged by those that hold in it.
# related_resources:
#   - https://man.openbsd.org/sshd_config#AllowGroups
#   - https://man.openbsd.org/sshd_config#AllowUsers
# custom:
#   id: ssh-access-limited
#   severity: medium
#   facts: [sshd.effective.allowusers, sshd.effective.allowgroups, sshd.effective.denyusers, sshd.effective.denygroups, sshd.match]
#   levels: [cis-l1]
#   controls:
#     ref: [GL-SSH-014]
#     ssg: [sshd_limit_user_access]
#     cis_debian12: ["5.1.4"]
#     cis_ubuntu2204: ["5.1.4"]
#     cis_rhel9: ["5.1.7"]
#     nist_800_53: [AC-3, "CM-6(a)"]
#     pci_dss_4: ["2.2.6"]
#   remediation: >-
#     Write "AllowGroups" and the groups that may log in into a file of /etc/ssh/sshd_config.d that sorts first.
package guestctl.ssh.access_limited

import data.guestctl.lib

keywords := ["allowusers", "allowgroups", "denyusers", "denygroups"]

wanted := "a list of users or groups that may log in, or may not"

# limits are the lists that hold where the settings do.
limits(settings) if {
	some keyword in ["allowusers", "allowgroups"]
	patterns := settings[keyword].value
	count(patterns) > 0
	every pattern in patterns {
		not regex.match(`^\*+(@\*+)?$`, pattern)
	}
}

limits(settings) if {
	some keyword in ["denyusers", "denygroups"]
	count(settings[keyword].value) > 0
}

evidence(settings) := [source |
	some keyword in keywords
	some source in lib.evidence(settings[keyword])
]

deny contains finding if {
	not limits(input.sshd.effective)
	finding := {
		"msg": "neither AllowUsers, AllowGroups, DenyUsers nor DenyGroups keeps anybody out",
		"actual": "everybody may log in",
		"expected": wanted,
		"evidence": evidence(input.sshd.effective),
		"key": "",
	}
}

deny contains finding if {
	some block in input.sshd.match
	some keyword in keywords
	block.settings[keyword]
	not limits(object.union(input.sshd.effective, block.settings))
	finding := {
		"msg": sprintf("for Match %s no list keeps anybody out", [block.criteria]),
		"actual": sprintf("everybody may log in for Match %s", [block.criteria]),
		"expected": wanted,
		"evidence": array.concat([block.source], evidence(block.settings)),
		"key": block.criteria,
	}
}
