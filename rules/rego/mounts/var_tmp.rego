# METADATA
# title: /var/tmp is a file system of its own, without devices, privileged files and programs
# description: >-
#   Everybody may write to /var/tmp, and what is there survives a boot. What counts are the flags in force after a
#   boot.
# related_resources:
#   - https://man7.org/linux/man-pages/man5/fstab.5.html
# custom:
#   id: mounts-var-tmp
#   severity: medium
#   facts: [mounts]
#   levels: [cis-l2, anssi-intermediary]
#   controls:
#     ref: [GL-MNT-006]
#     ssg: [partition_for_var_tmp, mount_option_var_tmp_nodev, mount_option_var_tmp_nosuid, mount_option_var_tmp_noexec]
#     cis_debian12: ["1.1.2.5.1", "1.1.2.5.2", "1.1.2.5.3", "1.1.2.5.4"]
#     cis_ubuntu2204: ["1.1.2.5.1", "1.1.2.5.2", "1.1.2.5.3", "1.1.2.5.4"]
#     cis_rhel9: ["1.1.2.5.1", "1.1.2.5.2", "1.1.2.5.3", "1.1.2.5.4"]
#     anssi_bp28: [R28]
#     stig_rhel9: [RHEL-09-231035, RHEL-09-231175, RHEL-09-231180, RHEL-09-231185]
#   params:
#     flags: {type: array, default: [nodev, nosuid, noexec], doc: flags that the mount must have}
#   remediation: Give /var/tmp a line in /etc/fstab with the options nodev, nosuid and noexec.
package guestctl.mounts.var_tmp

import data.guestctl.lib.mounts
import data.guestctl.params

deny contains finding if {
	some finding in mounts.missing(input.mounts, "/var/tmp")
}

deny contains finding if {
	some finding in mounts.loose(input.mounts, "/var/tmp", params["mounts-var-tmp"].flags)
}
