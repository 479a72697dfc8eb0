package guestctl.services.no_rpcbind_test

import data.guestctl.services.no_rpcbind

unit(starts) := {
	"init": "systemd",
	"starts": starts,
	"alias_of": null,
	"triggered_by": [],
	"sysv": false,
	"source": {"path": "/etc/systemd/system/multi-user.target.wants/rpcbind.service"},
}

guest(units) := {
	"packages": {
		"manager": "dpkg",
		"installed": {"rpcbind": [{"name": "rpcbind", "version": "1.0-1", "state": "installed"}]},
		"residual": {},
	},
	"units": units,
}

pass := guest({"rpcbind.service": unit("")})

fail := guest({"rpcbind.service": unit("boot")})

test_pass if count(no_rpcbind.deny) == 0 with input as pass

test_fail if {
	some finding in no_rpcbind.deny with input as fail
	finding.msg == "rpcbind.service is started by boot"
	finding.evidence == [{"path": "/etc/systemd/system/multi-user.target.wants/rpcbind.service"}]
	finding.fix == "systemctl mask --now rpcbind.service"
}

test_neither_package_nor_unit_passes if {
	count(no_rpcbind.deny) == 0 with input as {"packages": {"installed": {}, "residual": {}}, "units": {}}
}

test_an_alias_stands_for_its_unit if {
	units := {"portmap.service": object.union(unit(""), {"alias_of": "rpcbind.service"}), "rpcbind.service": unit("boot")}
	{finding.key | some finding in no_rpcbind.deny} == {"rpcbind.service"} with input as guest(units)
}

test_openrc if {
	openrc := object.union(unit("boot"), {"init": "openrc", "source": {"path": "/etc/runlevels/default/rpcbind"}})
	some finding in no_rpcbind.deny with input as guest({"rpcbind": openrc})
	finding.fix == "rc-update del rpcbind"
}
