# METADATA
# title: The audit daemon is installed and started
# description: >-
#   The kernel tells auditd what programs and people do; without it nobody writes that down. Its package is installed, and boot starts its
#   unit.
# related_resources:
#   - https://man7.org/linux/man-pages/man8/auditd.8.html
# custom:
#   id: audit-enabled
#   severity: medium
#   facts: [packages, units]
#   may_be_absent: [units]
#   levels: [cis-l2, anssi-intermediary]
#   controls:
#     ref: [GL-AUD-001]
#     ssg: [package_audit_installed, service_auditd_enabled]
#     cis_debian12: ["6.2.1.1", "6.2.1.2"]
#     cis_ubuntu2204: ["6.3.1.1", "6.3.1.2"]
#     cis_rhel9: ["6.3.1.1", "6.3.1.4"]
#     anssi_bp28: [R33, R73]
#     stig_ubuntu2204: [UBTU-22-653010, UBTU-22-653015]
#     stig_ubuntu2404: [UBTU-24-100400, UBTU-24-100410]
#     stig_rhel9: [RHEL-09-653010, RHEL-09-653015]
#     nist_800_53:
#       - "AC-2(g)"
#       - "AC-6(9)"
#       - "AC-7(a)"
#       - AU-10
#       - "AU-12(2)"
#       - "AU-12(c)"
#       - AU-14
#       - "AU-14(1)"
#       - "AU-2(a)"
#       - "AU-2(d)"
#       - AU-3
#       - "AU-7(1)"
#       - "AU-7(2)"
#       - "CM-6(a)"
#       - "SI-4(23)"
#     pci_dss_4: ["10.2.1"]
#   remediation: apt install auditd && systemctl enable auditd; on RHEL, dnf install audit.
package guestctl.audit.enabled

import data.guestctl.lib

installed := lib.present(input.packages, ["auditd", "audit"])

units := object.get(input, "units", {})

deny contains {"msg": "auditd is not installed", "actual": "not installed", "expected": "auditd", "evidence": [], "key": "package"} if {
	count(installed) == 0
}

deny contains finding if {
	count(installed) > 0
	names := ["auditd.service", "auditd"]
	started := [name | some name in names; units[name].starts == "boot"]
	count(started) == 0
	there := [units[name] | some name in names]
	finding := {
		"msg": "boot does not start auditd",
		"actual": "not started",
		"expected": "started at boot",
		"evidence": [unit.source | some unit in there],
		"key": "unit",
	}
}
