# METADATA
# title: No core dumps are written
# description: >-
#   A core dump is the memory of a program with the passwords and keys in it. The last limit for everybody sets core to a hard 0, and no
#   user or group has another one. Where systemd-coredump would take dumps, its Storage is none and its ProcessSizeMax is 0. What the
#   kernel does with dumps of setuid programs is another check.
# related_resources:
#   - https://man7.org/linux/man-pages/man5/limits.conf.5.html
#   - https://www.freedesktop.org/software/systemd/man/latest/coredump.conf.html
# custom:
#   id: boot-core-dumps
#   severity: low
#   facts: [limits, coredump]
#   may_be_absent: [limits, coredump]
#   levels: [cis-l1]
#   controls:
#     ref: [GL-BOO-005]
#     ssg: [disable_users_coredumps]
#     cis_debian12: ["1.5.3"]
#     cis_ubuntu2204: ["1.5.3"]
#     stig_rhel9: [RHEL-09-213095]
#     nist_800_53: [CM-6, "SC-7(10)"]
#     pci_dss_4: ["3.3.1.1"]
#   remediation: >-
#     Write "* hard core 0" into a file of /etc/security/limits.d, and "Storage=none" and "ProcessSizeMax=0" below [Coredump] into one of
#     /etc/systemd/coredump.conf.d.
package guestctl.boot.core_dumps

import data.guestctl.lib

limits := object.get(input, "limits", [])

coredump := object.get(input, "coredump", null)

# hard are the hard limits of core by whom they are for; the last one of each counts.
hard(domain) := [limit |
	some limit in limits
	limit.domain == domain
	limit.item == "core"
	limit.type in {"hard", "-"}
]

domains := {limit.domain | some limit in limits; limit.item == "core"} | {"*"}

deny contains {
	"msg": "no limit for everybody sets core to a hard 0",
	"actual": "no hard limit of core",
	"expected": "* hard core 0",
	"evidence": [],
	"key": "*",
} if {
	count(hard("*")) == 0
}

deny contains finding if {
	some domain in domains
	all := hard(domain)
	last := all[count(all) - 1]
	last.value != "0"
	finding := {
		"msg": sprintf("the hard limit of core for %s is %s, want 0 (%s)", [domain, last.value, lib.origin(last)]),
		"actual": sprintf("%s %s core %s", [domain, last.type, last.value]),
		"expected": sprintf("%s hard core 0", [domain]),
		"evidence": [last.source],
		"key": domain,
	}
}

# A line with a - and nothing else sets no limits at all for whom it names.
deny contains finding if {
	some limit in limits
	limit.type == "-"
	limit.item == ""
	finding := {
		"msg": sprintf("%s is free of all limits (%s)", [limit.domain, lib.origin(limit)]),
		"actual": sprintf("%s -", [limit.domain]),
		"expected": "* hard core 0",
		"evidence": [limit.source],
		"key": sprintf("%s free", [limit.domain]),
	}
}

deny contains finding if {
	not is_null(coredump)
	some key, wanted in {"Storage": "none", "ProcessSizeMax": "0"}
	v := object.get(coredump, concat("", ["Coredump.", key]), {"value": "not set", "source": null})
	v.value != wanted
	finding := {
		"msg": sprintf("%s of systemd-coredump is %s, want %s (%s)", [key, v.value, wanted, lib.origin(v)]),
		"actual": sprintf("%s %s", [key, v.value]),
		"expected": sprintf("%s=%s", [key, wanted]),
		"evidence": lib.evidence(v),
		"key": key,
	}
}
