# METADATA
# title: /tmp is a file system of its own
# description: >-
#   Everybody may write to /tmp. On a mount of its own it cannot fill the disk that the system writes to, and can have
#   stricter flags. A line of fstab counts as well as tmp.mount, when boot mounts it or the first access does.
# related_resources:
#   - https://man7.org/linux/man-pages/man5/fstab.5.html
# custom:
#   id: mounts-tmp-separate
#   severity: low
#   facts: [mounts]
#   levels: [cis-l1]
#   controls:
#     ref: [GL-MNT-001]
#     ssg: [partition_for_tmp]
#     cis_debian12: ["1.1.2.1.1"]
#     cis_ubuntu2204: ["1.1.2.1.1"]
#     cis_rhel9: ["1.1.2.1.1"]
#     stig_rhel9: [RHEL-09-231015]
#     nist_800_53: ["CM-6(a)", "SC-5(2)"]
#   remediation: >-
#     Run "systemctl enable tmp.mount" (on Debian after "cp /usr/share/systemd/tmp.mount /etc/systemd/system/"), or
#     add a line for /tmp to /etc/fstab.
package guestctl.mounts.tmp_separate

import data.guestctl.lib.mounts

deny contains finding if {
	some finding in mounts.missing(input.mounts, "/tmp")
}
