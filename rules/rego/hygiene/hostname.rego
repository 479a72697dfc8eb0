# METADATA
# title: The image has no host name of its own
# description: >-
#   A name that the machine of the build had is wrong on every other machine until something changes it, and stays where nothing
#   does. A name that stands for no machine is fine: localhost, or the distribution with or without its version.
# related_resources:
#   - https://www.freedesktop.org/software/systemd/man/latest/hostname.html
# custom:
#   id: hygiene-hostname
#   severity: low
#   facts: [hostname.value, os]
#   may_be_absent: [hostname]
#   controls:
#     ref: [GI-020]
#   params:
#     allowed:
#       type: array
#       default: [localhost, localhost.localdomain]
#       doc: names that are accepted beside those of the distribution
#   remediation: Write "localhost" into /etc/hostname, or remove the file, and let DHCP or cloud-init give the name.
package guestctl.hygiene.hostname

import data.guestctl.lib
import data.guestctl.params

deny contains finding if {
	name := input.hostname
	not generic
	finding := {
		"msg": sprintf("the host is called %s (%s)", [name.value, lib.origin(name)]),
		"actual": name.value,
		"expected": concat(" or ", params["hygiene-hostname"].allowed),
		"evidence": lib.evidence(name),
	}
}

generic if lower(input.hostname.value) in params["hygiene-hostname"].allowed

generic if {
	version := input.os.version_id
	plain(input.hostname.value) in {plain(concat("", [input.os.id, v])) | some v in ["", version, split(version, ".")[0]]}
}

# plain leaves out what stands between the parts of a name.
plain(name) := regex.replace(lower(name), `[-_.]`, "")
