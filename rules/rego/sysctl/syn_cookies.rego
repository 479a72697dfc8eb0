# METADATA
# title: A flood of new connections does not lock out the others
# description: >-
#   When the queue of half-open connections is full the kernel answers with a cookie, and keeps nothing until the
#   client has proved itself. 2 does so always and is for tests.
# related_resources:
#   - https://docs.kernel.org/networking/ip-sysctl.html
# custom:
#   id: sysctl-syn-cookies
#   severity: medium
#   scope: persisted
#   facts: [sysctl]
#   may_be_absent: [sysctl]
#   levels: [cis-l1, anssi-intermediary]
#   controls:
#     ref: [GL-SYS-020]
#     ssg: [sysctl_net_ipv4_tcp_syncookies]
#     cis_debian12: ["3.3.10"]
#     cis_ubuntu2204: ["3.3.10"]
#     cis_rhel9: ["3.3.10"]
#     anssi_bp28: [R12]
#     stig_ubuntu2204: [UBTU-22-253010]
#     stig_ubuntu2404: [UBTU-24-600190]
#     stig_rhel9: [RHEL-09-253010]
#     nist_800_53: ["CM-6(a)", "CM-7(a)", "CM-7(b)", "SC-5(1)", "SC-5(2)", "SC-5(3)(a)"]
#     pci_dss_4: ["1.4.3"]
#   params:
#     allowed: {type: array, default: [1], doc: values that are accepted}
#   remediation: Write "net.ipv4.tcp_syncookies = 1" into a file of /etc/sysctl.d whose name sorts last.
package guestctl.sysctl.syn_cookies

import data.guestctl.lib.sysctl
import data.guestctl.params

default parameters := {}

parameters := input.sysctl

deny contains finding if {
	some finding in sysctl.wrong(parameters, ["net.ipv4.tcp_syncookies"], params["sysctl-syn-cookies"].allowed)
}
