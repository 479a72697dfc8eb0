# METADATA
# title: The machine sends no ICMP redirects
# description: >-
#   Redirects tell other hosts of better routes, which only a router knows; one that is taken over could lead them to
#   an attacker. An interface sends them when either it or all say so, so that a file about one interface counts too.
# related_resources:
#   - https://docs.kernel.org/networking/ip-sysctl.html
# custom:
#   id: sysctl-send-redirects
#   severity: medium
#   scope: persisted
#   facts: [sysctl]
#   may_be_absent: [sysctl]
#   levels: [cis-l1, anssi-intermediary]
#   controls:
#     ref: [GL-SYS-013]
#     ssg: [sysctl_net_ipv4_conf_all_send_redirects, sysctl_net_ipv4_conf_default_send_redirects]
#     cis_debian12: ["3.3.2"]
#     cis_ubuntu2204: ["3.3.2"]
#     cis_rhel9: ["3.3.2"]
#     anssi_bp28: [R12]
#     stig_rhel9: [RHEL-09-253065, RHEL-09-253070]
#     nist_800_53: ["CM-6(a)", "CM-7(a)", "CM-7(b)", SC-5, "SC-7(a)"]
#     pci_dss_4: ["1.4.5"]
#   params:
#     allowed: {type: array, default: [0], doc: values that are accepted}
#   remediation: >-
#     Write "net.ipv4.conf.all.send_redirects = 0" and "net.ipv4.conf.default.send_redirects = 0" into a file of
#     /etc/sysctl.d whose name sorts last.
package guestctl.sysctl.send_redirects

import data.guestctl.lib.sysctl
import data.guestctl.params

default parameters := {}

parameters := input.sysctl

deny contains finding if {
	some finding in sysctl.wrong(parameters, sysctl.both("ipv4", "send_redirects"), params["sysctl-send-redirects"].allowed)
}

deny contains finding if {
	some finding in sysctl.interfaces(parameters, "ipv4", "send_redirects", params["sysctl-send-redirects"].allowed)
}
