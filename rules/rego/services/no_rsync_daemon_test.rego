package guestctl.services.no_rsync_daemon_test

import data.guestctl.services.no_rsync_daemon

unit(starts) := {
	"init": "systemd",
	"starts": starts,
	"alias_of": null,
	"triggered_by": [],
	"sysv": false,
	"source": {"path": "/etc/systemd/system/multi-user.target.wants/rsync.service"},
}

guest(units) := {
	"packages": {
		"manager": "dpkg",
		"installed": {"rsync": [{"name": "rsync", "version": "1.0-1", "state": "installed"}]},
		"residual": {},
	},
	"units": units,
}

pass := guest({"rsync.service": unit("")})

fail := guest({"rsync.service": unit("boot")})

test_pass if count(no_rsync_daemon.deny) == 0 with input as pass

test_fail if {
	some finding in no_rsync_daemon.deny with input as fail
	finding.msg == "rsync.service is started by boot"
	finding.evidence == [{"path": "/etc/systemd/system/multi-user.target.wants/rsync.service"}]
	finding.fix == "systemctl mask --now rsync.service"
}

test_neither_package_nor_unit_passes if {
	count(no_rsync_daemon.deny) == 0 with input as {"packages": {"installed": {}, "residual": {}}, "units": {}}
}

test_the_socket_of_rhel if {
	{finding.key | some finding in no_rsync_daemon.deny} == {"rsyncd.socket"} with input as guest({"rsyncd.socket": unit("boot")})
}
