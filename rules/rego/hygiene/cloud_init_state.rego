# METADATA
# title: cloud-init has not run in the image
# description: >-
#   What cloud-init did for the machine of the build stays in /var/lib/cloud: its instance, user data with what was secret in it,
#   and marks by which steps that run once are not run again. Where the instance is taken for the same, nothing runs at all.
# related_resources:
#   - https://docs.cloud-init.io/en/latest/reference/cli.html#clean
# custom:
#   id: hygiene-cloud-init-state
#   severity: medium
#   facts: [cloud_init.instances, cloud_init.seeds]
#   globs: [/var/lib/cloud/sem/*]
#   controls:
#     ref: [GI-007]
#   params:
#     seeds:
#       type: boolean
#       default: false
#       doc: whether data for the first boot may wait in /var/lib/cloud/seed
#   remediation: Run "cloud-init clean --logs --seed" as the last step of the build.
package guestctl.hygiene.cloud_init_state

import data.guestctl.lib
import data.guestctl.lib.leftovers
import data.guestctl.params

expected := "no trace of an instance"

deny contains finding if {
	id := input.cloud_init.instance_id
	not is_null(id)
	finding := {
		"msg": sprintf("cloud-init ran for the instance %s (%s)", [id.value, lib.origin(id)]),
		"actual": id.value,
		"expected": expected,
		"evidence": lib.evidence(id),
	}
}

deny contains finding if {
	some path in input.cloud_init.instances
	finding := leftovers.trace(path, sprintf("%s is kept of an instance", [path]), expected)
}

deny contains finding if {
	not params["hygiene-cloud-init-state"].seeds
	some path in input.cloud_init.seeds
	finding := leftovers.trace(path, sprintf("%s waits for the first boot", [path]), "no data that waits")
}

deny contains finding if {
	some pattern in input.globs
	some path in pattern.paths
	finding := leftovers.trace(path, sprintf("%s keeps a step from running again", [path]), expected)
}
