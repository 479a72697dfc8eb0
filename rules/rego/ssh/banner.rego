# METADATA
# title: SSH shows a text before the login
# description: >-
#   A notice of who may use the machine, shown before anybody logs in, is what a court may ask for. The file that
#   Banner names must be there and not be empty, for every connection and in every Match block; what it says is up to
#   the owner.
# related_resources:
#   - https://man.openbsd.org/sshd_config#Banner
# custom:
#   id: ssh-banner
#   severity: low
#   facts: [sshd.effective.banner.value, sshd.match, banners]
#   may_be_absent: [banners]
#   levels: [cis-l1]
#   controls:
#     ref: [GL-SSH-015]
#     ssg: [sshd_enable_warning_banner_net]
#     cis_debian12: ["5.1.5"]
#     cis_ubuntu2204: ["5.1.5"]
#     cis_rhel9: ["5.1.8"]
#     stig_ubuntu2204: [UBTU-22-255020]
#     stig_ubuntu2404: [UBTU-24-200640]
#     nist_800_53: ["AC-17(a)", "AC-8(a)", "AC-8(c)", "CM-6(a)"]
#   remediation: >-
#     Write a notice into /etc/issue.net, and "Banner /etc/issue.net" into a file of /etc/ssh/sshd_config.d that sorts
#     first.
package guestctl.ssh.banner

import data.guestctl.lib.sshd

default texts := {}

texts := input.banners

deny contains finding if {
	some setting in sshd.settings(input.sshd, "banner")
	why := trouble(setting.value)
	finding := object.union(sshd.finding("Banner", setting, "a file with a notice"), {"msg": sprintf(
		"Banner is %s%s, %s (%s)",
		[setting.value, setting.whom, why, setting.origin],
	)})
}

trouble("none") := "so that nothing is shown"

trouble(path) := "which does not exist" if {
	path != "none"
	not texts[path]
}

trouble(path) := "which is empty" if {
	path != "none"
	not texts[path].size > 0
	texts[path]
}
