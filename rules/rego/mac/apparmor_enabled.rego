# METADATA
# title: AppArmor runs after a boot
# description: >-
#   AppArmor confines services to what their profiles allow, whatever rights they have. Its parser is installed, boot starts its unit, and
#   neither the arguments nor the configuration of the kernel turn it off. Guests that run SELinux, or whose distribution has it in the
#   place of AppArmor, are not judged.
# related_resources:
#   - https://wiki.debian.org/AppArmor
# custom:
#   id: mac-apparmor-enabled
#   severity: medium
#   facts: [apparmor, selinux, os]
#   may_be_absent: [selinux]
#   levels: [cis-l1, anssi-enhanced]
#   controls:
#     ref: [GL-MAC-001]
#     ssg: [package_apparmor_installed, package_apparmor-utils_installed, grub2_enable_apparmor]
#     cis_debian12: ["1.3.1.1", "1.3.1.2"]
#     cis_ubuntu2204: ["1.3.1.1", "1.3.1.2"]
#     anssi_bp28: [R45]
#     stig_ubuntu2204: [UBTU-22-431010]
#     stig_ubuntu2404: [UBTU-24-100500]
#   remediation: apt install apparmor, systemctl enable apparmor, and remove apparmor=0 and security= from GRUB_CMDLINE_LINUX.
package guestctl.mac.apparmor_enabled

import data.guestctl.lib.mac

apparmor := input.apparmor

applicable if not mac.selinux(input.os, object.get(input, "selinux", {}))

skip_reason := "SELinux is the guest's access control"

deny contains finding if {
	apparmor.mode.value != "enabled"
	finding := {
		"msg": sprintf("AppArmor is %s: %s", [apparmor.mode.value, apparmor.why]),
		"actual": apparmor.mode.value,
		"expected": "enabled",
		"evidence": array.concat([apparmor.mode.source], [argument.source | some argument in apparmor.kernel]),
		"key": "mode",
	}
}
