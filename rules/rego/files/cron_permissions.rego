# METADATA
# title: Only root may read and change the jobs of cron
# description: >-
#   What cron runs, it runs as root: /etc/crontab and the directories of jobs belong to root, and nobody else may look into them. Who can
#   read a job learns when and what to attack. Links are followed; an access list counts as too much.
# related_resources:
#   - https://man7.org/linux/man-pages/man8/cron.8.html
# custom:
#   id: files-cron-permissions
#   severity: medium
#   facts: [packages]
#   files: [/etc/crontab, /etc/cron.hourly, /etc/cron.daily, /etc/cron.weekly, /etc/cron.monthly, /etc/cron.d]
#   levels: [cis-l1]
#   controls:
#     ref: [GL-FIL-007]
#     ssg:
#       - file_permissions_crontab
#       - file_owner_crontab
#       - file_permissions_cron_d
#       - file_permissions_cron_daily
#       - file_permissions_cron_hourly
#       - file_permissions_cron_weekly
#       - file_permissions_cron_monthly
#     cis_debian12: ["2.4.1.2", "2.4.1.3", "2.4.1.4", "2.4.1.5", "2.4.1.6", "2.4.1.7"]
#     cis_ubuntu2204: ["2.4.1.2", "2.4.1.3", "2.4.1.4", "2.4.1.5", "2.4.1.6", "2.4.1.7"]
#     cis_rhel9: ["2.4.1.2", "2.4.1.3", "2.4.1.4", "2.4.1.5", "2.4.1.6", "2.4.1.7"]
#     stig_rhel9: [RHEL-09-232230]
#     nist_800_53: ["AC-6(1)", "CM-6(a)"]
#     pci_dss_4: ["2.2.6"]
#   params:
#     table: {type: string, default: "0600", doc: no bit of /etc/crontab may be set beside these}
#     directory: {type: string, default: "0700", doc: no bit of a directory of jobs may be set beside these}
#   remediation: chown root:root /etc/crontab /etc/cron.* && chmod og-rwx /etc/crontab /etc/cron.*
package guestctl.files.cron_permissions

import data.guestctl.lib
import data.guestctl.lib.cron
import data.guestctl.lib.files
import data.guestctl.params

own := params["files-cron-permissions"]

applicable if count(lib.present(input.packages, cron.packages)) > 0

skip_reason := "cron is not installed"

table := "/etc/crontab"

deny contains finding if {
	some finding in files.wrong({table: input.files[table]}, {"mode": own.table, "owner": ["root"], "group": ["root"]})
}

deny contains finding if {
	some finding in files.wrong(object.remove(input.files, [table]), {"mode": own.directory, "owner": ["root"], "group": ["root"]})
}
