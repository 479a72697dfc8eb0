# METADATA
# title: The machine does not answer pings to everybody, nor log false errors
# description: >-
#   Answers to a ping that is sent to a whole network flood whoever it claims to come from, and routers that break the
#   rules of ICMP fill the log.
# related_resources:
#   - https://docs.kernel.org/networking/ip-sysctl.html
# custom:
#   id: sysctl-icmp-broadcasts
#   severity: medium
#   scope: persisted
#   facts: [sysctl]
#   may_be_absent: [sysctl]
#   levels: [cis-l1, anssi-intermediary]
#   controls:
#     ref: [GL-SYS-019]
#     ssg: [sysctl_net_ipv4_icmp_echo_ignore_broadcasts, sysctl_net_ipv4_icmp_ignore_bogus_error_responses]
#     cis_debian12: ["3.3.3", "3.3.4"]
#     cis_ubuntu2204: ["3.3.3", "3.3.4"]
#     cis_rhel9: ["3.3.3", "3.3.4"]
#     anssi_bp28: [R12]
#     stig_rhel9: [RHEL-09-253055, RHEL-09-253060]
#     nist_800_53: ["CM-7(a)", "CM-7(b)", SC-5]
#     pci_dss_4: ["1.4.2"]
#   params:
#     allowed: {type: array, default: [1], doc: values that are accepted}
#   remediation: >-
#     Write "net.ipv4.icmp_echo_ignore_broadcasts = 1" and "net.ipv4.icmp_ignore_bogus_error_responses = 1" into a
#     file of /etc/sysctl.d whose name sorts last.
package guestctl.sysctl.icmp_broadcasts

import data.guestctl.lib.sysctl
import data.guestctl.params

default parameters := {}

parameters := input.sysctl

deny contains finding if {
	some finding in sysctl.wrong(parameters, ["net.ipv4.icmp_echo_ignore_broadcasts", "net.ipv4.icmp_ignore_bogus_error_responses"], params["sysctl-icmp-broadcasts"].allowed)
}
