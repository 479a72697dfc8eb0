# METADATA
# title: The journal is kept over a boot, and compressed
# description: >-
#   A journal in memory is lost with the first boot after an attack. Storage=auto keeps it on disk only where
#   /var/log/journal exists, which a clean-up may remove: Storage=persistent in a file does not depend on it. Compress is on where nobody turns
#   it off.
# related_resources:
#   - https://www.freedesktop.org/software/systemd/man/latest/journald.conf.html
# custom:
#   id: logs-journald-persistent
#   severity: medium
#   facts: ['journald["Effective.Storage"]', 'journald["Journal.Compress"]']
#   levels: [cis-l1]
#   controls:
#     ref: [GL-LOG-002]
#     ssg: [journald_storage, journald_compress]
#     cis_debian12: ["6.1.2.3", "6.1.2.4"]
#     cis_ubuntu2204: ["6.2.1.1.5", "6.2.1.1.6"]
#     cis_rhel9: ["6.2.2.3", "6.2.2.4"]
#   params:
#     written: {type: boolean, default: true, doc: "false is content with Storage=auto where /var/log/journal exists"}
#   remediation: Write "Storage=persistent" and "Compress=yes" below [Journal] into a file of /etc/systemd/journald.conf.d.
package guestctl.logs.journald_persistent

import data.guestctl.lib
import data.guestctl.params

storage := input.journald["Effective.Storage"]

compress := input.journald["Journal.Compress"]

deny contains finding("Storage", storage, sprintf("in effect %s", [storage.value]), "persistent") if storage.value != "persistent"

deny contains finding("Storage", v, v.value, "persistent, in a file") if {
	params["logs-journald-persistent"].written
	v := input.journald["Journal.Storage"]
	v.value != "persistent"
}

# Compress may be a size as well: it is on then, for what is larger.
deny contains finding("Compress", compress, compress.value, "yes") if compress.value in {"no", "0", ""}

finding(key, v, is, wanted) := {
	"msg": sprintf("%s is %s, want %s (%s)", [key, is, wanted, lib.origin(v)]),
	"actual": sprintf("%s %s", [key, is]),
	"expected": sprintf("%s=%s", [key, wanted]),
	"evidence": lib.evidence(v),
	"key": key,
}
