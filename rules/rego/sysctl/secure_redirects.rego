# METADATA
# title: The machine believes no redirects of its gateways either
# description: >-
#   Packets that pretend to come from a gateway are as easy to send as others. A file that turns them on for one
#   interface counts.
# related_resources:
#   - https://docs.kernel.org/networking/ip-sysctl.html
# custom:
#   id: sysctl-secure-redirects
#   severity: medium
#   scope: persisted
#   facts: [sysctl]
#   may_be_absent: [sysctl]
#   levels: [cis-l1, anssi-intermediary]
#   controls:
#     ref: [GL-SYS-015]
#     ssg: [sysctl_net_ipv4_conf_all_secure_redirects, sysctl_net_ipv4_conf_default_secure_redirects]
#     cis_debian12: ["3.3.6"]
#     cis_ubuntu2204: ["3.3.6"]
#     cis_rhel9: ["3.3.6"]
#     anssi_bp28: [R12]
#     nist_800_53: ["CM-6(a)", "CM-7(a)", "CM-7(b)", SC-5, "SC-7(a)"]
#     pci_dss_4: ["1.4.3"]
#   params:
#     allowed: {type: array, default: [0], doc: values that are accepted}
#   remediation: >-
#     Write "net.ipv4.conf.all.secure_redirects = 0" and "net.ipv4.conf.default.secure_redirects = 0" into a file of
#     /etc/sysctl.d whose name sorts last.
package guestctl.sysctl.secure_redirects

import data.guestctl.lib.sysctl
import data.guestctl.params

default parameters := {}

parameters := input.sysctl

deny contains finding if {
	some finding in sysctl.wrong(parameters, sysctl.both("ipv4", "secure_redirects"), params["sysctl-secure-redirects"].allowed)
}

deny contains finding if {
	some finding in sysctl.interfaces(parameters, "ipv4", "secure_redirects", params["sysctl-secure-redirects"].allowed)
}
