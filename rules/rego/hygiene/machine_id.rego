# METADATA
# title: The image has no machine id
# description: >-
#   The id names one machine to DHCP, to the journal and to many agents. Machines that are made from an image with an id all have
#   the same one; an image without gets its own at the first boot. An id of D-Bus counts where it is not a link to the machine's.
# related_resources:
#   - https://www.freedesktop.org/software/systemd/man/latest/machine-id.html
#   - https://systemd.io/BUILDING_IMAGES/
# custom:
#   id: hygiene-machine-id
#   severity: high
#   facts: [machine_id.state]
#   files: [/var/lib/dbus/machine-id]
#   controls:
#     ref: [GI-001]
#     nist_800_53: [IA-3]
#   params:
#     allowed:
#       type: array
#       default: [empty, uninitialized, missing]
#       doc: states of the machine id that are accepted
#   remediation: Run "truncate -s 0 /etc/machine-id" and "rm -f /var/lib/dbus/machine-id" as the last step of the build.
package guestctl.hygiene.machine_id

import data.guestctl.lib.leftovers
import data.guestctl.params

allowed := params["hygiene-machine-id"].allowed

own := {"/etc/machine-id", "/run/machine-id"}

dbus := "/var/lib/dbus/machine-id"

deny contains finding if {
	state := input.machine_id.state
	not state in allowed
	finding := {
		"msg": sprintf("the machine id is %s, want %s", [state, concat(" or ", allowed)]),
		"actual": state,
		"expected": concat(" or ", allowed),
		"evidence": [input.machine_id.source],
	}
}

deny contains finding if {
	file := input.files[dbus]
	file.exists
	file.size > 0
	not file.resolved in own
	not counted
	finding := leftovers.trace(dbus, sprintf("%s holds an id of its own", [dbus]), "a link to /etc/machine-id, or nothing")
}

# The machine's id was taken from D-Bus.
counted if input.machine_id.source.path == dbus
