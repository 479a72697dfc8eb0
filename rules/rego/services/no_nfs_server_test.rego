package guestctl.services.no_nfs_server_test

import data.guestctl.services.no_nfs_server

unit(starts) := {
	"init": "systemd",
	"starts": starts,
	"alias_of": null,
	"triggered_by": [],
	"sysv": false,
	"source": {"path": "/etc/systemd/system/multi-user.target.wants/nfs-server.service"},
}

guest(units) := {
	"packages": {
		"manager": "dpkg",
		"installed": {"nfs-kernel-server": [{"name": "nfs-kernel-server", "version": "1.0-1", "state": "installed"}]},
		"residual": {},
	},
	"units": units,
}

pass := guest({"nfs-server.service": unit("")})

fail := guest({"nfs-server.service": unit("boot")})

test_pass if count(no_nfs_server.deny) == 0 with input as pass

test_fail if {
	some finding in no_nfs_server.deny with input as fail
	finding.msg == "nfs-server.service is started by boot"
	finding.evidence == [{"path": "/etc/systemd/system/multi-user.target.wants/nfs-server.service"}]
	finding.fix == "systemctl mask --now nfs-server.service"
}

test_neither_package_nor_unit_passes if {
	count(no_nfs_server.deny) == 0 with input as {"packages": {"installed": {}, "residual": {}}, "units": {}}
}

test_a_name_that_is_an_alias_elsewhere if {
	units := {"nfs-kernel-server.service": object.union(unit(""), {"alias_of": "nfs-server.service"}), "nfs-server.service": unit("boot")}
	{finding.key | some finding in no_nfs_server.deny} == {"nfs-server.service"} with input as guest(units)
}

test_the_client_does_not_count if {
	count(no_nfs_server.deny) == 0 with input as guest({"nfs-client.target": unit("boot"), "rpc-statd.service": unit("boot")})
}
