# METADATA
# title: Files and pipes of others in shared directories are not written to by mistake
# description: >-
#   A program that means to create a file in /tmp does not open one that somebody else put there first. 2 holds for
#   directories that a group may write to as well.
# related_resources:
#   - https://docs.kernel.org/admin-guide/sysctl/fs.html
# custom:
#   id: sysctl-protected-fifos
#   severity: medium
#   scope: persisted
#   facts: [sysctl]
#   may_be_absent: [sysctl]
#   levels: [anssi-intermediary]
#   controls:
#     ref: [GL-SYS-011]
#     ssg: [sysctl_fs_protected_fifos, sysctl_fs_protected_regular]
#     anssi_bp28: [R14]
#     nist_800_53: ["AC-6(1)", "CM-6(a)"]
#   params:
#     allowed: {type: array, default: [1, 2], doc: values that are accepted}
#   remediation: >-
#     Write "fs.protected_fifos = 1" and "fs.protected_regular = 1" into a file of /etc/sysctl.d whose name sorts
#     last.
package guestctl.sysctl.protected_fifos

import data.guestctl.lib.sysctl
import data.guestctl.params

default parameters := {}

parameters := input.sysctl

deny contains finding if {
	some finding in sysctl.wrong(parameters, ["fs.protected_fifos", "fs.protected_regular"], params["sysctl-protected-fifos"].allowed)
}
