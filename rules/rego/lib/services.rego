# What checks share that want a service not to start.
package guestctl.lib.services

import data.guestctl.lib

# in_use has a finding for each unit of some services that boot or a trigger starts. A script in /etc/init.d that is left of the
# removed packages is started and does nothing.
in_use(units, packages, services) := {finding |
	some name in lib.starting(units, unit_names(services))
	unit := units[name]
	not left_behind(name, unit, packages)
	finding := {
		"key": name,
		"msg": sprintf("%s %s", [name, how_started(unit)]),
		"actual": sprintf("%s %s", [name, how_started(unit)]),
		"expected": "nothing starts it",
		"evidence": [unit.source],
		"fix": lib.command(object.get(stopping, unit.init, "disable"), name),
	}
}

# unit_names has the names that the units of services may have: those of systemd, and the plain ones of other init systems.
unit_names(services) := [name |
	some service in services
	some suffix in ["", ".service", ".socket", ".path", ".timer"]
	name := concat("", [service, suffix])
]

how_started(unit) := "is started by boot" if unit.starts == "boot"

how_started(unit) := "is started on demand" if {
	unit.starts != "boot"
	count(unit.triggered_by) == 0
}

how_started(unit) := sprintf("is started by %s", [concat(", ", unit.triggered_by)]) if {
	unit.starts != "boot"
	count(unit.triggered_by) > 0
}

stopping := {"systemd": "systemctl mask --now", "openrc": "rc-update del", "sysvinit": "update-rc.d -f remove"}

left_behind(name, unit, packages) if {
	unit.sysv
	script := trim_suffix(name, ".service")
	some owner in array.concat([script], object.get(script_packages, script, []))
	packages.residual[owner]
	not packages.installed[owner]
}

# script_packages has the packages of Debian whose scripts have another name.
script_packages := {
	"bluetooth": ["bluez"],
	"cups": ["cups-daemon"],
	"dovecot": ["dovecot-core"],
	"named": ["bind9"],
	"nmbd": ["samba"],
	"proftpd": ["proftpd-core", "proftpd-basic"],
	"samba-ad-dc": ["samba"],
	"smbd": ["samba"],
}
