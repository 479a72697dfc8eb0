# METADATA
# title: Packets from addresses that lie elsewhere are dropped
# description: >-
#   The source of a packet must be reachable, with 1 by the very interface that it came in on. The larger value of all
#   and of the interface holds, so that lines about one interface cannot turn it off.
# related_resources:
#   - https://docs.kernel.org/networking/ip-sysctl.html
# custom:
#   id: sysctl-reverse-path-filter
#   severity: medium
#   scope: persisted
#   facts: [sysctl]
#   may_be_absent: [sysctl]
#   levels: [cis-l1, anssi-intermediary]
#   controls:
#     ref: [GL-SYS-017]
#     ssg: [sysctl_net_ipv4_conf_all_rp_filter, sysctl_net_ipv4_conf_default_rp_filter]
#     cis_debian12: ["3.3.7"]
#     cis_ubuntu2204: ["3.3.7"]
#     cis_rhel9: ["3.3.7"]
#     anssi_bp28: [R12]
#     stig_rhel9: [RHEL-09-253035, RHEL-09-253050]
#     nist_800_53: ["CM-6(a)", "CM-7(a)", "CM-7(b)", "SC-7(a)"]
#     pci_dss_4: ["1.4.3"]
#   params:
#     allowed: {type: array, default: [1, 2], doc: values that are accepted}
#   remediation: >-
#     Write "net.ipv4.conf.all.rp_filter = 1" and "net.ipv4.conf.default.rp_filter = 1" into a file of /etc/sysctl.d
#     whose name sorts last.
package guestctl.sysctl.reverse_path_filter

import data.guestctl.lib.sysctl
import data.guestctl.params

default parameters := {}

parameters := input.sysctl

deny contains finding if {
	some finding in sysctl.wrong(parameters, sysctl.both("ipv4", "rp_filter"), params["sysctl-reverse-path-filter"].allowed)
}
