# METADATA
# title: /tmp is mounted without devices, privileged files and programs
# description: >-
#   Everybody may write to /tmp, and an attack often runs from there. What counts are the flags in force after a boot;
#   where /tmp is no mount of its own they are those of the file system it lies on, which cannot have them all.
# related_resources:
#   - https://man7.org/linux/man-pages/man5/fstab.5.html
# custom:
#   id: mounts-tmp-options
#   severity: medium
#   facts: [mounts]
#   levels: [cis-l1, anssi-intermediary]
#   controls:
#     ref: [GL-MNT-002]
#     ssg: [mount_option_tmp_nodev, mount_option_tmp_nosuid, mount_option_tmp_noexec]
#     cis_debian12: ["1.1.2.1.2", "1.1.2.1.3", "1.1.2.1.4"]
#     cis_ubuntu2204: ["1.1.2.1.2", "1.1.2.1.3", "1.1.2.1.4"]
#     cis_rhel9: ["1.1.2.1.2", "1.1.2.1.3", "1.1.2.1.4"]
#     anssi_bp28: [R28]
#     stig_rhel9: [RHEL-09-231125, RHEL-09-231130, RHEL-09-231135]
#     nist_800_53: [AC-6, "AC-6(1)", "CM-6(a)", "CM-7(a)", "CM-7(b)", MP-7]
#   params:
#     flags: {type: array, default: [nodev, nosuid, noexec], doc: flags that the mount must have}
#   remediation: Add nodev, nosuid and noexec to the options of /tmp in /etc/fstab, or to Options= of tmp.mount.
package guestctl.mounts.tmp_options

import data.guestctl.lib.mounts
import data.guestctl.params

deny contains finding if {
	some finding in mounts.missing(input.mounts, "/tmp")
}

deny contains finding if {
	some finding in mounts.loose(input.mounts, "/tmp", params["mounts-tmp-options"].flags)
}
