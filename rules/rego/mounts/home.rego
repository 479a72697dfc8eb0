# METADATA
# title: /home is a file system of its own, without devices and privileged files
# description: >-
#   What users store cannot fill the disk that the system writes to, and files of devices or with set-user-ID that
#   they bring along do nothing. What counts are the flags in force after a boot.
# related_resources:
#   - https://man7.org/linux/man-pages/man5/fstab.5.html
# custom:
#   id: mounts-home
#   severity: medium
#   facts: [mounts]
#   levels: [cis-l2, anssi-intermediary]
#   controls:
#     ref: [GL-MNT-004]
#     ssg: [partition_for_home, mount_option_home_nodev, mount_option_home_nosuid]
#     cis_debian12: ["1.1.2.3.1", "1.1.2.3.2", "1.1.2.3.3"]
#     cis_ubuntu2204: ["1.1.2.3.1", "1.1.2.3.2", "1.1.2.3.3"]
#     cis_rhel9: ["1.1.2.3.1", "1.1.2.3.2", "1.1.2.3.3"]
#     anssi_bp28: [R28]
#     stig_rhel9: [RHEL-09-231010, RHEL-09-231045, RHEL-09-231050]
#     nist_800_53: [AC-6, "AC-6(1)", "CM-6(a)", "CM-7(a)", "CM-7(b)", MP-7, "SC-5(2)"]
#   params:
#     flags: {type: array, default: [nodev, nosuid], doc: flags that the mount must have}
#   remediation: Give /home a line in /etc/fstab with the options nodev and nosuid.
package guestctl.mounts.home

import data.guestctl.lib.mounts
import data.guestctl.params

deny contains finding if {
	some finding in mounts.missing(input.mounts, "/home")
}

deny contains finding if {
	some finding in mounts.loose(input.mounts, "/home", params["mounts-home"].flags)
}
