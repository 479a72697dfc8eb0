# METADATA
# title: The machine drops packets that bring their own route
# description: >-
#   The sender of such a packet chooses its way, also one into a network that it should not reach. The keys of IPv6 do
#   not count when every entry of the boot menu starts the kernel without it.
# related_resources:
#   - https://docs.kernel.org/networking/ip-sysctl.html
# custom:
#   id: sysctl-source-routing
#   severity: medium
#   scope: persisted
#   facts: [sysctl, boot]
#   may_be_absent: [sysctl, boot]
#   levels: [cis-l1, anssi-intermediary]
#   controls:
#     ref: [GL-SYS-016]
#     ssg: [sysctl_net_ipv4_conf_all_accept_source_route, sysctl_net_ipv4_conf_default_accept_source_route, sysctl_net_ipv6_conf_all_accept_source_route, sysctl_net_ipv6_conf_default_accept_source_route]
#     cis_debian12: ["3.3.8"]
#     cis_ubuntu2204: ["3.3.8"]
#     cis_rhel9: ["3.3.8"]
#     anssi_bp28: [R12, R13]
#     stig_rhel9: [RHEL-09-253020, RHEL-09-253045, RHEL-09-254020, RHEL-09-254040]
#     nist_800_53: ["CM-6(a)", "CM-6(b)", "CM-6.1(iv)", "CM-7(a)", "CM-7(b)", SC-5, "SC-7(a)"]
#     pci_dss_4: ["1.4.2"]
#   params:
#     allowed: {type: array, default: [0], doc: values that are accepted}
#   remediation: >-
#     Write "net.ipv4.conf.all.accept_source_route = 0", "net.ipv4.conf.default.accept_source_route = 0",
#     "net.ipv6.conf.all.accept_source_route = 0" and "net.ipv6.conf.default.accept_source_route = 0" into a file of
#     /etc/sysctl.d whose name sorts last.
package guestctl.sysctl.source_routing

import data.guestctl.lib.sysctl
import data.guestctl.params

default parameters := {}

parameters := input.sysctl

default boot := {}

boot := input.boot

deny contains finding if {
	some finding in sysctl.wrong(parameters, sysctl.both("ipv4", "accept_source_route"), params["sysctl-source-routing"].allowed)
}

deny contains finding if {
	not sysctl.ipv6_off(boot)
	some finding in sysctl.wrong(parameters, sysctl.both("ipv6", "accept_source_route"), params["sysctl-source-routing"].allowed)
}
