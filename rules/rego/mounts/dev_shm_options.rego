# METADATA
# title: /dev/shm is mounted without devices, privileged files and programs
# description: >-
#   Everybody may write to /dev/shm, which lies in memory and leaves no trace. systemd mounts it with nodev and
#   nosuid; noexec has to be asked for by a line of fstab.
# related_resources:
#   - https://man7.org/linux/man-pages/man5/fstab.5.html
# custom:
#   id: mounts-dev-shm-options
#   severity: medium
#   facts: [mounts]
#   levels: [cis-l1]
#   controls:
#     ref: [GL-MNT-003]
#     ssg: [mount_option_dev_shm_nodev, mount_option_dev_shm_nosuid, mount_option_dev_shm_noexec]
#     cis_debian12: ["1.1.2.2.2", "1.1.2.2.3", "1.1.2.2.4"]
#     cis_ubuntu2204: ["1.1.2.2.2", "1.1.2.2.3", "1.1.2.2.4"]
#     cis_rhel9: ["1.1.2.2.2", "1.1.2.2.3", "1.1.2.2.4"]
#     stig_rhel9: [RHEL-09-231110, RHEL-09-231115, RHEL-09-231120]
#     nist_800_53: [AC-6, "AC-6(1)", "CM-6(a)", "CM-7(a)", "CM-7(b)", MP-7]
#   params:
#     flags: {type: array, default: [nodev, nosuid, noexec], doc: flags that the mount must have}
#   remediation: Write "tmpfs /dev/shm tmpfs rw,nodev,nosuid,noexec 0 0" into /etc/fstab.
package guestctl.mounts.dev_shm_options

import data.guestctl.lib.mounts
import data.guestctl.params

deny contains finding if {
	some finding in mounts.loose(input.mounts, "/dev/shm", params["mounts-dev-shm-options"].flags)
}

unknown contains "no file says how the init system mounts /dev/shm" if count(mounts.at(input.mounts, "/dev/shm")) == 0
