package guestctl.services.no_avahi_test

import data.guestctl.services.no_avahi

unit(starts) := {
	"init": "systemd",
	"starts": starts,
	"alias_of": null,
	"triggered_by": [],
	"sysv": false,
	"source": {"path": "/etc/systemd/system/multi-user.target.wants/avahi-daemon.service"},
}

guest(units) := {
	"packages": {
		"manager": "dpkg",
		"installed": {"avahi-daemon": [{"name": "avahi-daemon", "version": "1.0-1", "state": "installed"}]},
		"residual": {},
	},
	"units": units,
}

pass := guest({"avahi-daemon.service": unit("")})

fail := guest({"avahi-daemon.service": unit("boot")})

test_pass if count(no_avahi.deny) == 0 with input as pass

test_fail if {
	some finding in no_avahi.deny with input as fail
	finding.msg == "avahi-daemon.service is started by boot"
	finding.evidence == [{"path": "/etc/systemd/system/multi-user.target.wants/avahi-daemon.service"}]
	finding.fix == "systemctl mask --now avahi-daemon.service"
}

test_neither_package_nor_unit_passes if {
	count(no_avahi.deny) == 0 with input as {"packages": {"installed": {}, "residual": {}}, "units": {}}
}

test_a_socket_and_what_it_starts_count if {
	units := {
		"avahi-daemon.socket": object.union(unit("boot"), {"triggered_by": ["dbus:org.freedesktop.Avahi"]}),
		"avahi-daemon.service": object.union(unit("trigger"), {"triggered_by": ["avahi-daemon.socket", "dbus:org.freedesktop.Avahi"]}),
	}
	found := {finding.msg | some finding in no_avahi.deny} with input as guest(units)
	found == {
		"avahi-daemon.socket is started by boot",
		"avahi-daemon.service is started by avahi-daemon.socket, dbus:org.freedesktop.Avahi",
	}
}

test_on_demand_of_nobody_that_is_known if {
	some finding in no_avahi.deny with input as guest({"avahi-daemon.service": unit("trigger")})
	finding.msg == "avahi-daemon.service is started on demand"
}
