# METADATA
# title: No log of the build is left
# description: >-
#   Logs of the build tell of a machine that is none of those made from the image: names, addresses, accounts, and now and then
#   what was secret. They also blur what happened where. Every file below /var/log that is not empty counts, the journal too.
# related_resources:
#   - https://libguestfs.org/virt-sysprep.1.html
# custom:
#   id: hygiene-logs
#   severity: low
#   facts: [log_files.files]
#   controls:
#     ref: [GI-011]
#   params:
#     allowed:
#       type: array
#       default: []
#       doc: paths that may hold something; * is anything within a name, ** anything
#   remediation: Run "journalctl --rotate --vacuum-time=1s" and "find /var/log -type f -delete", or truncate the files, as the last step of the build.
package guestctl.hygiene.logs

import data.guestctl.lib.leftovers
import data.guestctl.params

deny contains leftovers.finding(file, "no logs") if {
	some file in input.log_files.files
	file.type == "file"
	file.size > 0
	not leftovers.matches(file.path, params["hygiene-logs"].allowed)
}
