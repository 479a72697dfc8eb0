# METADATA
# title: Only those who are named may use cron and at
# description: >-
#   With cron.allow and at.allow only the accounts in them may leave jobs; cron.deny and at.deny let in everybody they forget. Of cron and
#   at only what is installed is judged. The lists belong to root, and others may not read them.
# related_resources:
#   - https://man7.org/linux/man-pages/man1/crontab.1.html
# custom:
#   id: files-cron-at-allow
#   severity: medium
#   facts: [packages]
#   files: [/etc/cron.allow, /etc/cron.deny, /etc/at.allow, /etc/at.deny]
#   levels: [cis-l1]
#   controls:
#     ref: [GL-FIL-008]
#     ssg: [file_cron_allow_exists, file_cron_deny_not_exist, file_at_allow_exists, file_permissions_cron_allow]
#     cis_debian12: ["2.4.1.2", "2.4.1.8", "2.4.2.1"]
#     cis_ubuntu2204: ["2.4.1.8", "2.4.2.1"]
#     cis_rhel9: ["2.4.1.8", "2.4.2.1"]
#     pci_dss_4: ["2.2.6"]
#   params:
#     mode: {type: string, default: "0640", doc: no bit may be set beside these}
#     group: {type: array, default: [root, crontab, daemon], doc: groups that the lists may belong to}
#   remediation: rm -f /etc/cron.deny /etc/at.deny, and make /etc/cron.allow and /etc/at.allow with mode 0640 for root.
package guestctl.files.cron_at_allow

import data.guestctl.lib
import data.guestctl.lib.cron
import data.guestctl.lib.files
import data.guestctl.params

own := params["files-cron-at-allow"]

used contains "cron" if count(lib.present(input.packages, cron.packages)) > 0

used contains "at" if count(lib.present(input.packages, ["at"])) > 0

applicable if count(used) > 0

skip_reason := "neither cron nor at is installed"

list(program, word) := sprintf("/etc/%s.%s", [program, word])

deny contains finding if {
	some program in used
	some finding in files.lacking(input.files, [list(program, "allow")])
}

deny contains finding if {
	some program in used
	path := list(program, "allow")
	some finding in files.wrong({path: input.files[path]}, {"mode": own.mode, "owner": ["root"], "group": own.group})
}

deny contains finding if {
	some program in used
	path := list(program, "deny")
	input.files[path].exists
	finding := {
		"msg": sprintf("%s exists, which lets in everybody it does not name", [path]),
		"actual": path,
		"expected": list(program, "allow"),
		"fix": sprintf("rm %s", [path]),
		"evidence": [{"path": path}],
		"key": path,
	}
}
