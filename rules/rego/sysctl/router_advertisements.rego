# METADATA
# title: The machine takes no routes from IPv6 router advertisements
# description: >-
#   Anybody on the network can advertise a router, and with it a default route and name servers. A network that hands
#   out its addresses in this way needs them: waive the check there. A file that turns them on for one interface
#   counts, since the kernel reads the value of the interface alone.
# related_resources:
#   - https://docs.kernel.org/networking/ip-sysctl.html
# custom:
#   id: sysctl-router-advertisements
#   severity: medium
#   scope: persisted
#   facts: [sysctl, boot]
#   may_be_absent: [sysctl, boot]
#   levels: [cis-l1]
#   controls:
#     ref: [GL-SYS-021]
#     ssg: [sysctl_net_ipv6_conf_all_accept_ra, sysctl_net_ipv6_conf_default_accept_ra]
#     cis_debian12: ["3.3.11"]
#     cis_ubuntu2204: ["3.3.11"]
#     cis_rhel9: ["3.3.11"]
#     stig_rhel9: [RHEL-09-254010, RHEL-09-254030]
#     nist_800_53: ["CM-6(a)", "CM-7(a)", "CM-7(b)"]
#   params:
#     allowed: {type: array, default: [0], doc: values that are accepted}
#   remediation: >-
#     Write "net.ipv6.conf.all.accept_ra = 0" and "net.ipv6.conf.default.accept_ra = 0" into a file of /etc/sysctl.d
#     whose name sorts last.
package guestctl.sysctl.router_advertisements

import data.guestctl.lib.sysctl
import data.guestctl.params

default parameters := {}

parameters := input.sysctl

default boot := {}

boot := input.boot

default applicable := true

applicable := false if sysctl.ipv6_off(boot)

skip_reason := "the kernel is started without IPv6"

deny contains finding if {
	some finding in sysctl.wrong(parameters, sysctl.both("ipv6", "accept_ra"), params["sysctl-router-advertisements"].allowed)
}

deny contains finding if {
	some finding in sysctl.interfaces(parameters, "ipv6", "accept_ra", params["sysctl-router-advertisements"].allowed)
}
