# METADATA
# title: The machine believes no ICMP redirects
# description: >-
#   Anybody on the network can send a redirect and so lead the traffic of the machine past themselves. A file that
#   turns them on for one interface counts; the keys of IPv6 do not when every entry of the boot menu starts the
#   kernel without it.
# related_resources:
#   - https://docs.kernel.org/networking/ip-sysctl.html
# custom:
#   id: sysctl-accept-redirects
#   severity: medium
#   scope: persisted
#   facts: [sysctl, boot]
#   may_be_absent: [sysctl, boot]
#   levels: [cis-l1, anssi-intermediary]
#   controls:
#     ref: [GL-SYS-014]
#     ssg: [sysctl_net_ipv4_conf_all_accept_redirects, sysctl_net_ipv4_conf_default_accept_redirects, sysctl_net_ipv6_conf_all_accept_redirects, sysctl_net_ipv6_conf_default_accept_redirects]
#     cis_debian12: ["3.3.5"]
#     cis_ubuntu2204: ["3.3.5"]
#     cis_rhel9: ["3.3.5"]
#     anssi_bp28: [R12, R13]
#     stig_rhel9: [RHEL-09-253015, RHEL-09-253040, RHEL-09-254015, RHEL-09-254035]
#     nist_800_53: ["CM-6(a)", "CM-6(b)", "CM-6.1(iv)", "CM-7(a)", "CM-7(b)", "SC-7(a)"]
#     pci_dss_4: ["1.4.3"]
#   params:
#     allowed: {type: array, default: [0], doc: values that are accepted}
#   remediation: >-
#     Write "net.ipv4.conf.all.accept_redirects = 0", "net.ipv4.conf.default.accept_redirects = 0",
#     "net.ipv6.conf.all.accept_redirects = 0" and "net.ipv6.conf.default.accept_redirects = 0" into a file of
#     /etc/sysctl.d whose name sorts last.
package guestctl.sysctl.accept_redirects

import data.guestctl.lib.sysctl
import data.guestctl.params

default parameters := {}

parameters := input.sysctl

default boot := {}

boot := input.boot

deny contains finding if {
	some finding in sysctl.wrong(parameters, sysctl.both("ipv4", "accept_redirects"), params["sysctl-accept-redirects"].allowed)
}

deny contains finding if {
	not sysctl.ipv6_off(boot)
	some finding in sysctl.wrong(parameters, sysctl.both("ipv6", "accept_redirects"), params["sysctl-accept-redirects"].allowed)
}

deny contains finding if {
	some finding in sysctl.interfaces(parameters, "ipv4", "accept_redirects", params["sysctl-accept-redirects"].allowed)
}

deny contains finding if {
	not sysctl.ipv6_off(boot)
	some finding in sysctl.interfaces(parameters, "ipv6", "accept_redirects", params["sysctl-accept-redirects"].allowed)
}
