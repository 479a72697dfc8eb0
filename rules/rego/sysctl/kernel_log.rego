# METADATA
# title: Users cannot read the messages of the kernel
# description: >-
#   The messages hold addresses and the names of devices and crashed programs, which help to attack the machine.
# related_resources:
#   - https://docs.kernel.org/admin-guide/sysctl/kernel.html
# custom:
#   id: sysctl-kernel-log
#   severity: low
#   scope: persisted
#   facts: [sysctl]
#   may_be_absent: [sysctl]
#   levels: [anssi-intermediary]
#   controls:
#     ref: [GL-SYS-005]
#     ssg: [sysctl_kernel_dmesg_restrict]
#     anssi_bp28: [R9]
#     stig_ubuntu2204: [UBTU-22-213010]
#     stig_ubuntu2404: [UBTU-24-600140]
#     stig_rhel9: [RHEL-09-213010]
#     nist_800_53: ["SI-11(a)", "SI-11(b)"]
#   params:
#     allowed: {type: array, default: [1], doc: values that are accepted}
#   remediation: Write "kernel.dmesg_restrict = 1" into a file of /etc/sysctl.d whose name sorts last.
package guestctl.sysctl.kernel_log

import data.guestctl.lib.sysctl
import data.guestctl.params

default parameters := {}

parameters := input.sysctl

deny contains finding if {
	some finding in sysctl.wrong(parameters, ["kernel.dmesg_restrict"], params["sysctl-kernel-log"].allowed)
}
