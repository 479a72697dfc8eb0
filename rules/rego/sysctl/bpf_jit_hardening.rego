# METADATA
# title: Compiled BPF programs are hardened for everybody
# description: >-
#   Constants of a BPF program that are compiled as they are can hold machine code. 1 hardens the programs of users
#   alone.
# related_resources:
#   - https://docs.kernel.org/admin-guide/sysctl/net.html
# custom:
#   id: sysctl-bpf-jit-hardening
#   severity: medium
#   scope: persisted
#   facts: [sysctl]
#   may_be_absent: [sysctl]
#   levels: [anssi-intermediary]
#   controls:
#     ref: [GL-SYS-007]
#     ssg: [sysctl_net_core_bpf_jit_harden]
#     anssi_bp28: [R12]
#     stig_rhel9: [RHEL-09-251045]
#     nist_800_53: [CM-6, "SC-7(10)"]
#   params:
#     allowed: {type: array, default: [2], doc: values that are accepted}
#   remediation: Write "net.core.bpf_jit_harden = 2" into a file of /etc/sysctl.d whose name sorts last.
package guestctl.sysctl.bpf_jit_hardening

import data.guestctl.lib.sysctl
import data.guestctl.params

default parameters := {}

parameters := input.sysctl

deny contains finding if {
	some finding in sysctl.wrong(parameters, ["net.core.bpf_jit_harden"], params["sysctl-bpf-jit-hardening"].allowed)
}
