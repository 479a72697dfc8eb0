package guestctl.services.no_cups_test

import data.guestctl.services.no_cups

unit(starts) := {
	"init": "systemd",
	"starts": starts,
	"alias_of": null,
	"triggered_by": [],
	"sysv": false,
	"source": {"path": "/etc/systemd/system/multi-user.target.wants/cups.service"},
}

guest(units) := {
	"packages": {
		"manager": "dpkg",
		"installed": {"cups-daemon": [{"name": "cups-daemon", "version": "1.0-1", "state": "installed"}]},
		"residual": {},
	},
	"units": units,
}

pass := guest({"cups.service": unit("")})

fail := guest({"cups.service": unit("boot")})

test_pass if count(no_cups.deny) == 0 with input as pass

test_fail if {
	some finding in no_cups.deny with input as fail
	finding.msg == "cups.service is started by boot"
	finding.evidence == [{"path": "/etc/systemd/system/multi-user.target.wants/cups.service"}]
	finding.fix == "systemctl mask --now cups.service"
}

test_neither_package_nor_unit_passes if {
	count(no_cups.deny) == 0 with input as {"packages": {"installed": {}, "residual": {}}, "units": {}}
}

test_its_other_units_count if {
	units := {"cups.service": unit(""), "cups.socket": unit("boot"), "cups.path": unit("boot"), "cups-browsed.service": unit("boot")}
	{finding.key | some finding in no_cups.deny} == {"cups.socket", "cups.path", "cups-browsed.service"} with input as guest(units)
}
