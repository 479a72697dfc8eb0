# METADATA
# title: Sudo asks again after a quarter of an hour at most
# description: >-
#   Between two passwords sudo trusts the terminal for timestamp_timeout minutes; a negative value trusts it for good. Where nothing is
#   said, sudo takes 5 minutes and Debian's 15. Defaults for some users, hosts or commands count as well.
# related_resources:
#   - https://www.sudo.ws/docs/man/sudoers.man/#timestamp_timeout
# custom:
#   id: sudo-timestamp-timeout
#   severity: medium
#   facts: [sudoers]
#   levels: [cis-l1]
#   controls:
#     ref: [GL-SUD-005]
#     ssg: [sudo_require_reauthentication]
#     cis_debian12: ["5.2.6"]
#     cis_ubuntu2204: ["5.2.6"]
#     cis_rhel9: ["5.2.6"]
#     stig_rhel9: [RHEL-09-432015]
#     nist_800_53: [IA-11]
#     pci_dss_4: ["2.2.6"]
#   params:
#     max: {type: number, default: 15, doc: minutes at most}
#   remediation: Write "Defaults timestamp_timeout=15" with visudo, or remove the lines that set more.
package guestctl.sudo.timestamp_timeout

import data.guestctl.lib
import data.guestctl.lib.sudo
import data.guestctl.params

most := params["sudo-timestamp-timeout"].max

# builtin is the longest time that a distribution's sudo takes by itself.
builtin := 15

everybody := input.sudoers.defaults.timestamp_timeout

everybody := {"value": sprintf("%d", [builtin]), "source": null} if not input.sudoers.defaults.timestamp_timeout

deny contains finding(everybody.value, "", lib.origin(everybody), lib.evidence(everybody)) if not fine(everybody.value)

deny contains finding(line.value, sprintf(" for %s", [concat(", ", line.names)]), lib.origin(line), [line.source]) if {
	some line in sudo.some_only(input.sudoers, "timestamp_timeout")
	not fine(line.value)
}

fine("false") # "!timestamp_timeout" is 0

fine(value) if {
	regex.match(`^[0-9]*\.?[0-9]+$`, value)
	minutes := to_number(regex.replace(value, `^\.`, "0."))
	minutes <= most
}

finding(value, whom, origin, evidence) := {
	"msg": sprintf("timestamp_timeout is %s%s, want 0 to %d (%s)", [value, whom, most, origin]),
	"actual": sprintf("timestamp_timeout %s%s", [value, whom]),
	"expected": sprintf("0 to %d minutes", [most]),
	"evidence": evidence,
	"key": sprintf("timestamp_timeout%s", [whom]),
}
