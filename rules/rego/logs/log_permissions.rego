# METADATA
# title: Others cannot read or change log files
# description: >-
#   Logs name accounts, addresses and at times a password that was typed as a name. No file below /var/log gives others any right, save those
#   of logins, which programs of all users read. Links are not followed; directories are left out.
# related_resources:
#   - https://www.debian.org/doc/debian-policy/ch-files.html#log-files
# custom:
#   id: logs-log-permissions
#   severity: medium
#   facts: [log_files]
#   levels: [cis-l1]
#   controls:
#     ref: [GL-LOG-005]
#     ssg: [permissions_local_var_log, file_ownerships_var_log, file_groupownerships_var_log]
#     cis_debian12: ["6.1.4.1"]
#     cis_ubuntu2204: ["6.2.2.1"]
#     stig_ubuntu2204: [UBTU-22-232026]
#     nist_800_53: ["SI-11(a)", "SI-11(b)", "SI-11.1(iii)"]
#     pci_dss_4: ["10.3.1"]
#   params:
#     mode: {type: string, default: "0660", doc: no bit may be set beside these}
#     except: {type: array, default: ["/var/log/wtmp*", "/var/log/btmp*", "/var/log/lastlog*"], doc: patterns of paths that are left out}
#   remediation: chmod o-rwx the files, and have logrotate ("create 0640 root adm") and the services make them so.
package guestctl.logs.log_permissions

import data.guestctl.lib.files
import data.guestctl.params

own := params["logs-log-permissions"]

judged := [file |
	some file in input.log_files.files
	file.type == "file"
	not files.excepted(file.path, own.except)
]

unknown contains sprintf("only the first %d of %d objects below /var/log are known", [count(input.log_files.files), input.log_files.seen]) if {
	count(deny) == 0
	input.log_files.truncated
}

deny contains finding if some finding in guest.offenders(judged, {"mode": own.mode})
