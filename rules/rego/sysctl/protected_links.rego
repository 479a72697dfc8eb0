# METADATA
# title: Links in shared directories cannot lead privileged programs astray
# description: >-
#   A link that somebody puts into /tmp under the name a privileged program will use is not followed, and nobody can
#   make a hard link to a file that is not theirs.
# related_resources:
#   - https://docs.kernel.org/admin-guide/sysctl/fs.html
# custom:
#   id: sysctl-protected-links
#   severity: medium
#   scope: persisted
#   facts: [sysctl]
#   may_be_absent: [sysctl]
#   levels: [anssi-intermediary]
#   controls:
#     ref: [GL-SYS-010]
#     ssg: [sysctl_fs_protected_symlinks, sysctl_fs_protected_hardlinks]
#     anssi_bp28: [R14]
#     stig_rhel9: [RHEL-09-213030, RHEL-09-213035]
#     nist_800_53: ["AC-6(1)", "CM-6(a)"]
#   params:
#     allowed: {type: array, default: [1], doc: values that are accepted}
#   remediation: >-
#     Write "fs.protected_symlinks = 1" and "fs.protected_hardlinks = 1" into a file of /etc/sysctl.d whose name sorts
#     last.
package guestctl.sysctl.protected_links

import data.guestctl.lib.sysctl
import data.guestctl.params

default parameters := {}

parameters := input.sysctl

deny contains finding if {
	some finding in sysctl.wrong(parameters, ["fs.protected_symlinks", "fs.protected_hardlinks"], params["sysctl-protected-links"].allowed)
}
