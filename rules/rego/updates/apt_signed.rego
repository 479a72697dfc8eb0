# METADATA
# title: Apt takes nothing that is not signed
# description: >-
#   Whoever stands between the guest and the archive can give it any program when signatures do not count. No source that is in use says
#   trusted=yes or allow-insecure=yes, and no setting of apt lets unsigned packages or archives through.
# related_resources:
#   - https://manpages.debian.org/bookworm/apt/sources.list.5.en.html
# custom:
#   id: updates-apt-signed
#   severity: high
#   facts: [apt]
#   controls:
#     ref: [GL-UPD-001]
#     ssg: [apt_conf_disallow_unauthenticated, apt_sources_list_official]
#     stig_ubuntu2204: [UBTU-22-214010]
#     stig_ubuntu2404: [UBTU-24-300001]
#   params:
#     options: {type: array, default: [allow-insecure, allow-downgrade-to-insecure], doc: options of sources that none may set}
#     settings:
#       type: array
#       default:
#         - apt::get::allowunauthenticated
#         - acquire::allowinsecurerepositories
#         - acquire::allowdowngradetoinsecurerepositories
#       doc: settings of apt, in lower case, that must not be on
#   remediation: Remove trusted=yes and allow-insecure=yes from the sources (signed-by names the key), and the settings from /etc/apt/apt.conf.d.
package guestctl.updates.apt_signed

import data.guestctl.lib
import data.guestctl.lib.apt
import data.guestctl.params

own := params["updates-apt-signed"]

deny contains finding(source, "trusted=yes") if {
	some source in input.apt.sources
	source.enabled
	source.trusted == true
}

deny contains finding(source, sprintf("%s=yes", [option])) if {
	some source in input.apt.sources
	source.enabled
	some option in own.options
	apt.on(source.options[option])
}

finding(source, what) := {
	"msg": sprintf("%s is taken without a signature: %s (%s)", [concat(" ", source.uris), what, lib.origin(source)]),
	"actual": what,
	"expected": "signed sources",
	"evidence": [source.source],
	"key": sprintf("%s %s", [lib.origin(source), what]),
}

deny contains finding if {
	some key in own.settings
	v := input.apt.conf[key]
	apt.on(v.value)
	finding := {
		"msg": sprintf("%s is %s (%s)", [key, v.value, lib.origin(v)]),
		"actual": sprintf("%s %s", [key, v.value]),
		"expected": sprintf("%s false", [key]),
		"evidence": lib.evidence(v),
		"key": key,
	}
}
