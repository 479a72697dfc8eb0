# METADATA
# title: Updates are installed without anybody asking for them
# description: >-
#   Holes that are known and mended are what most attacks come through. The package unattended-upgrades is installed, apt's periodic job reads
#   the lists and runs it, and its timer is not turned off.
# related_resources:
#   - https://wiki.debian.org/UnattendedUpgrades
# custom:
#   id: updates-unattended
#   severity: medium
#   facts: [apt, packages, units]
#   may_be_absent: [units]
#   controls:
#     ref: [GL-UPD-002]
#   remediation: >-
#     apt install unattended-upgrades, and write 'APT::Periodic::Update-Package-Lists "1";' and 'APT::Periodic::Unattended-Upgrade "1";' into
#     /etc/apt/apt.conf.d/20auto-upgrades.
package guestctl.updates.unattended

import data.guestctl.lib

deny contains finding if {
	count(lib.complete(input.packages, ["unattended-upgrades"])) == 0
	there := lib.present(input.packages, ["unattended-upgrades"])
	finding := {
		"msg": "unattended-upgrades is not installed",
		"actual": concat(", ", array.concat([p.state | some p in there], ["not installed" | count(there) == 0])),
		"expected": "unattended-upgrades",
		"evidence": [p.source | some p in there],
		"key": "package",
	}
}

# Without a line, apt's periodic job is on, and does nothing.
periodic := {
	"apt::periodic::enable": "1",
	"apt::periodic::update-package-lists": "0",
	"apt::periodic::unattended-upgrade": "0",
}

deny contains finding if {
	some key, preset in periodic
	v := object.get(input.apt.conf, key, {"value": preset, "source": null})
	off(v.value)
	finding := {
		"msg": sprintf("%s is %q, want \"1\" (%s)", [key, v.value, lib.origin(v)]),
		"actual": sprintf("%s %q", [key, v.value]),
		"expected": sprintf("%s \"1\"", [key]),
		"evidence": lib.evidence(v),
		"key": key,
	}
}

# off reports whether the time between two runs is none. It is a number of days, or with a letter of seconds, minutes or hours.
off(value) if not regex.match(`^([0-9]*[1-9][0-9]*[smhd]?|always)$`, value)

deny contains finding if {
	some name in ["apt-daily.timer", "apt-daily-upgrade.timer"]
	unit := input.units[name]
	unit.starts == ""
	finding := {
		"msg": sprintf("boot does not start %s, which is %s", [name, unit.state]),
		"actual": sprintf("%s %s", [name, unit.state]),
		"expected": "started at boot",
		"evidence": [unit.source],
		"key": name,
	}
}
