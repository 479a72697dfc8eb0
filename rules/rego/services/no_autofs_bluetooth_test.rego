package guestctl.services.no_autofs_bluetooth_test

import data.guestctl.services.no_autofs_bluetooth

unit(starts) := {
	"init": "systemd",
	"starts": starts,
	"alias_of": null,
	"triggered_by": [],
	"sysv": false,
	"source": {"path": "/etc/systemd/system/multi-user.target.wants/autofs.service"},
}

guest(units) := {
	"packages": {
		"manager": "dpkg",
		"installed": {"autofs": [{"name": "autofs", "version": "1.0-1", "state": "installed"}]},
		"residual": {},
	},
	"units": units,
}

pass := guest({"autofs.service": unit("")})

fail := guest({"autofs.service": unit("boot")})

test_pass if count(no_autofs_bluetooth.deny) == 0 with input as pass

test_fail if {
	some finding in no_autofs_bluetooth.deny with input as fail
	finding.msg == "autofs.service is started by boot"
	finding.evidence == [{"path": "/etc/systemd/system/multi-user.target.wants/autofs.service"}]
	finding.fix == "systemctl mask --now autofs.service"
}

test_neither_package_nor_unit_passes if {
	count(no_autofs_bluetooth.deny) == 0 with input as {"packages": {"installed": {}, "residual": {}}, "units": {}}
}

test_bluetooth if {
	units := {"bluetooth.service": unit("trigger"), "bluetooth.target": unit("")}
	{finding.key | some finding in no_autofs_bluetooth.deny} == {"bluetooth.service"} with input as guest(units)
}
