# METADATA
# title: The machine forwards no packets
# description: >-
#   A machine that forwards lets whoever reaches one of its networks reach the others, past the firewall between them.
#   A router or a host of containers needs it: waive the check there. A file that has one interface forward counts;
#   the keys of IPv6 do not when every entry of the boot menu starts the kernel without it.
# related_resources:
#   - https://docs.kernel.org/networking/ip-sysctl.html
# custom:
#   id: sysctl-ip-forwarding
#   severity: medium
#   scope: persisted
#   facts: [sysctl, boot]
#   may_be_absent: [sysctl, boot]
#   levels: [cis-l1, anssi-intermediary]
#   controls:
#     ref: [GL-SYS-012]
#     ssg: [sysctl_net_ipv4_ip_forward, sysctl_net_ipv6_conf_all_forwarding]
#     cis_debian12: ["3.3.1"]
#     cis_ubuntu2204: ["3.3.1"]
#     cis_rhel9: ["3.3.1"]
#     anssi_bp28: [R12]
#     stig_rhel9: [RHEL-09-254025]
#     nist_800_53: ["CM-6(a)", "CM-6(b)", "CM-6.1(iv)", "CM-7(a)", "CM-7(b)", SC-5, "SC-7(a)"]
#     pci_dss_4: ["1.4.3"]
#   params:
#     allowed: {type: array, default: [0], doc: values that are accepted}
#   remediation: >-
#     Write "net.ipv4.ip_forward = 0" and "net.ipv6.conf.all.forwarding = 0" into a file of /etc/sysctl.d whose name
#     sorts last.
package guestctl.sysctl.ip_forwarding

import data.guestctl.lib.sysctl
import data.guestctl.params

default parameters := {}

parameters := input.sysctl

default boot := {}

boot := input.boot

deny contains finding if {
	some finding in sysctl.wrong(parameters, ["net.ipv4.ip_forward"], params["sysctl-ip-forwarding"].allowed)
}

deny contains finding if {
	not sysctl.ipv6_off(boot)
	some finding in sysctl.wrong(parameters, ["net.ipv6.conf.all.forwarding"], params["sysctl-ip-forwarding"].allowed)
}

deny contains finding if {
	some finding in sysctl.interfaces(parameters, "ipv4", "forwarding", params["sysctl-ip-forwarding"].allowed)
}
