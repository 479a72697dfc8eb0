# METADATA
# title: Nothing is left in /tmp and /var/tmp
# description: >-
#   Scripts of the build put there what they fetched and made, with credentials among it, and /var/tmp outlives a boot. What a
#   memory file system hides at run time counts too, since it is on the disk that is handed on.
# related_resources:
#   - https://www.freedesktop.org/software/systemd/man/latest/file-hierarchy.html
# custom:
#   id: hygiene-temporary-files
#   severity: low
#   facts: [image_state.tmp_files]
#   controls:
#     ref: [GI-014]
#   params:
#     most: {type: number, default: 0, doc: objects in each of the two that are accepted}
#   remediation: Run "find /tmp /var/tmp -mindepth 1 -delete" as the last step of the build.
package guestctl.hygiene.temporary_files

import data.guestctl.params

most := params["hygiene-temporary-files"].most

deny contains finding if {
	some dir, n in input.image_state.tmp_files
	n > most
	finding := {
		"msg": sprintf("%s has %d files and directories in it, want at most %d", [dir, n, most]),
		"actual": sprintf("%d in %s", [n, dir]),
		"expected": sprintf("at most %d", [most]),
		"evidence": [dir],
		"key": dir,
	}
}
