# METADATA
# title: Packets with impossible addresses are logged
# description: >-
#   Such packets tell of a fault or of somebody who forges them. An interface logs them when all say so, so that lines
#   about one interface do not matter.
# related_resources:
#   - https://docs.kernel.org/networking/ip-sysctl.html
# custom:
#   id: sysctl-log-martians
#   severity: low
#   scope: persisted
#   facts: [sysctl]
#   may_be_absent: [sysctl]
#   levels: [cis-l1]
#   controls:
#     ref: [GL-SYS-018]
#     ssg: [sysctl_net_ipv4_conf_all_log_martians, sysctl_net_ipv4_conf_default_log_martians]
#     cis_debian12: ["3.3.9"]
#     cis_ubuntu2204: ["3.3.9"]
#     cis_rhel9: ["3.3.9"]
#     stig_rhel9: [RHEL-09-253025, RHEL-09-253030]
#     nist_800_53: ["CM-7(a)", "CM-7(b)", "SC-5(3)(a)"]
#   params:
#     allowed: {type: array, default: [1], doc: values that are accepted}
#   remediation: >-
#     Write "net.ipv4.conf.all.log_martians = 1" and "net.ipv4.conf.default.log_martians = 1" into a file of
#     /etc/sysctl.d whose name sorts last.
package guestctl.sysctl.log_martians

import data.guestctl.lib.sysctl
import data.guestctl.params

default parameters := {}

parameters := input.sysctl

deny contains finding if {
	some finding in sysctl.wrong(parameters, sysctl.both("ipv4", "log_martians"), params["sysctl-log-martians"].allowed)
}
