# METADATA
# title: Exactly one daemon keeps the clock
# description: >-
#   Certificates, tickets and logs are only worth something when the clock is right; two daemons that set it work against each other. Boot
#   starts one of chrony, systemd-timesyncd, ntpd, NTPsec and OpenNTPD.
# related_resources:
#   - https://wiki.debian.org/DateTime
# custom:
#   id: time-one-daemon
#   severity: medium
#   facts: [units]
#   levels: [cis-l1, anssi-enhanced]
#   controls:
#     ref: [GL-TIM-001]
#     ssg: [ntp_single_service_active, package_chrony_installed, package_timesyncd_installed]
#     cis_debian12: ["2.3.1.1"]
#     cis_ubuntu2204: ["2.3.1.1"]
#     cis_rhel9: ["2.3.1"]
#     anssi_bp28: [R71]
#     stig_ubuntu2204: [UBTU-22-215015]
#     stig_ubuntu2404: [UBTU-24-100700]
#     stig_rhel9: [RHEL-09-252010]
#     nist_800_53: ["CM-6(a)"]
#     pci_dss_4: ["10.6.1"]
#   params:
#     units:
#       type: array
#       default:
#         - chrony.service
#         - chronyd.service
#         - systemd-timesyncd.service
#         - ntp.service
#         - ntpd.service
#         - ntpsec.service
#         - openntpd.service
#         - chronyd
#         - ntpd
#         - ntp
#         - openntpd
#       doc: units that keep the clock
#   remediation: apt install chrony, which removes the others; or systemctl disable --now all but one of them.
package guestctl.time.one_daemon

import data.guestctl.params

# daemons are those that boot starts, by their own names: an alias is none of its own.
daemons := {name |
	some name in params["time-one-daemon"].units
	unit := input.units[name]
	is_null(unit.alias_of)
	unit.starts == "boot"
}

deny contains finding if {
	count(daemons) != 1
	finding := {
		"msg": sprintf("boot starts %s, want exactly one daemon that keeps the clock", [shown]),
		"actual": shown,
		"expected": "one of chrony, systemd-timesyncd, ntpd, NTPsec and OpenNTPD",
		"evidence": [input.units[name].source | some name in daemons],
		"key": "daemons",
	}
}

shown := "nothing that keeps the clock" if count(daemons) == 0

shown := concat(", ", sort(daemons)) if count(daemons) > 0
