# METADATA
# title: Privileged programs leave no core dumps
# description: >-
#   What a set-user-ID program has in memory may be secret to the user who started it. 2 writes the dump for root to
#   read, and is refused too.
# related_resources:
#   - https://docs.kernel.org/admin-guide/sysctl/fs.html
# custom:
#   id: sysctl-suid-dumpable
#   severity: medium
#   scope: persisted
#   facts: [sysctl]
#   may_be_absent: [sysctl]
#   levels: [cis-l1, anssi-intermediary]
#   controls:
#     ref: [GL-SYS-003]
#     ssg: [sysctl_fs_suid_dumpable]
#     cis_debian12: ["1.5.3"]
#     cis_ubuntu2204: ["1.5.3"]
#     anssi_bp28: [R14]
#     nist_800_53: ["SI-11(a)", "SI-11(b)"]
#     pci_dss_4: ["3.3.1.1"]
#   params:
#     allowed: {type: array, default: [0], doc: values that are accepted}
#   remediation: Write "fs.suid_dumpable = 0" into a file of /etc/sysctl.d whose name sorts last.
package guestctl.sysctl.suid_dumpable

import data.guestctl.lib.sysctl
import data.guestctl.params

default parameters := {}

parameters := input.sysctl

deny contains finding if {
	some finding in sysctl.wrong(parameters, ["fs.suid_dumpable"], params["sysctl-suid-dumpable"].allowed)
}
