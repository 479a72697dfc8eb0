# METADATA
# title: The magic SysRq key does nothing
# description: >-
#   From the keyboard or a serial console it reboots the machine, kills programs and shows memory, without a login.
# related_resources:
#   - https://docs.kernel.org/admin-guide/sysrq.html
# custom:
#   id: sysctl-magic-sysrq
#   severity: medium
#   scope: persisted
#   facts: [sysctl]
#   may_be_absent: [sysctl]
#   levels: [anssi-intermediary]
#   controls:
#     ref: [GL-SYS-009]
#     ssg: [sysctl_kernel_sysrq]
#     anssi_bp28: [R9]
#   params:
#     allowed: {type: array, default: [0], doc: values that are accepted}
#   remediation: Write "kernel.sysrq = 0" into a file of /etc/sysctl.d whose name sorts last.
package guestctl.sysctl.magic_sysrq

import data.guestctl.lib.sysctl
import data.guestctl.params

default parameters := {}

parameters := input.sysctl

deny contains finding if {
	some finding in sysctl.wrong(parameters, ["kernel.sysrq"], params["sysctl-magic-sysrq"].allowed)
}
