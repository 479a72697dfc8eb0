# METADATA
# title: No crash of the build is left
# description: >-
#   A dump is the memory of a program or of the kernel, with the keys and passwords that were in it. Dumps of systemd-coredump
#   and of kdump count, and reports of apport and of ABRT.
# related_resources:
#   - https://www.freedesktop.org/software/systemd/man/latest/systemd-coredump.html
# custom:
#   id: hygiene-crash-dumps
#   severity: medium
#   facts: [image_state.crash]
#   controls:
#     ref: [GI-015]
#   params:
#     allowed:
#       type: array
#       default: [/var/crash/kexec_cmd, /var/crash/README, /var/crash/.lock]
#       doc: paths that are no dumps; * is anything within a name, ** anything
#   remediation: Remove what is in /var/crash, /var/lib/systemd/coredump and /var/spool/abrt.
package guestctl.hygiene.crash_dumps

import data.guestctl.lib.leftovers
import data.guestctl.params

deny contains finding if {
	some file in input.image_state.crash
	file.size > 0
	not leftovers.matches(file.path, params["hygiene-crash-dumps"].allowed)
	finding := leftovers.trace(file.path, sprintf("%s is left of a crash (%d bytes)", [file.path, file.size]), "no dumps")
}
