# METADATA
# title: AIDE watches over the files of the guest
# description: >-
#   A change of a program or a setting is only seen by whom holds it against what it was. AIDE is installed, has a database, and is run by
#   a timer or by cron. A database that was only made (aide.db.new) is not used.
# related_resources:
#   - https://aide.github.io/doc/
# custom:
#   id: integrity-aide
#   severity: medium
#   facts: [packages, units, cron]
#   may_be_absent: [units, cron]
#   globs: [/var/lib/aide/aide.db*]
#   levels: [cis-l1, anssi-intermediary]
#   controls:
#     ref: [GL-INT-001]
#     ssg: [package_aide_installed, aide_build_database, aide_periodic_checking_systemd_timer]
#     cis_debian12: ["6.3.1", "6.3.2"]
#     cis_ubuntu2204: ["6.1.1"]
#     cis_rhel9: ["6.1.1"]
#     anssi_bp28: [R76, R79]
#     stig_ubuntu2204: [UBTU-22-651010, UBTU-22-651015]
#     stig_ubuntu2404: [UBTU-24-100100, UBTU-24-100110, UBTU-24-100120]
#     stig_rhel9: [RHEL-09-651010]
#     nist_800_53: ["CM-6(a)", SI-7, "SI-7(1)"]
#     pci_dss_4: ["11.5.2"]
#   params:
#     timers: {type: array, default: [dailyaidecheck.timer, aidecheck.timer, aide.timer], doc: timers that run AIDE}
#   remediation: apt install aide && aideinit, and put the new database in place of the old one; then systemctl enable --now dailyaidecheck.timer.
package guestctl.integrity.aide

import data.guestctl.lib
import data.guestctl.params

installed if count(lib.present(input.packages, ["aide", "aide-dynamic"])) > 0

databases := [path |
	some found in input.globs
	some path in found.paths
	not contains(path, ".new")
]

timers := [name |
	some name in params["integrity-aide"].timers
	input.units[name].starts != ""
]

jobs := [job |
	some job in input.cron
	object.get(job, "ignored", "") == ""
	regex.match(`\b(dailyaidecheck|aidecheck|aide)\b`, job.command)
]

deny contains {"msg": "AIDE is not installed", "actual": "not installed", "expected": "aide", "evidence": [], "key": "package"} if not installed

deny contains finding if {
	installed
	count(databases) == 0
	finding := {
		"msg": "AIDE has no database in /var/lib/aide",
		"actual": "no database",
		"expected": "/var/lib/aide/aide.db",
		"evidence": [{"path": "/var/lib/aide"}],
		"key": "database",
	}
}

deny contains finding if {
	installed
	count(timers) == 0
	count(jobs) == 0
	finding := {
		"msg": "neither a timer nor cron runs AIDE",
		"actual": "nothing runs it",
		"expected": "a timer or a job of cron",
		"evidence": [],
		"key": "schedule",
	}
}
