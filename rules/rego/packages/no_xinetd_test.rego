package guestctl.packages.no_xinetd_test

import data.guestctl.packages.no_xinetd

unit(starts) := {
	"init": "systemd",
	"starts": starts,
	"alias_of": null,
	"triggered_by": [],
	"sysv": false,
	"source": {"path": "/etc/systemd/system/multi-user.target.wants/xinetd.service"},
}

guest(units) := {
	"packages": {
		"manager": "dpkg",
		"installed": {"xinetd": [{"name": "xinetd", "version": "1.0-1", "state": "installed"}]},
		"residual": {},
	},
	"units": units,
}

pass := guest({"xinetd.service": unit("")})

fail := guest({"xinetd.service": unit("boot")})

test_pass if count(no_xinetd.deny) == 0 with input as pass

test_fail if {
	some finding in no_xinetd.deny with input as fail
	finding.msg == "xinetd.service is started by boot"
	finding.evidence == [{"path": "/etc/systemd/system/multi-user.target.wants/xinetd.service"}]
	finding.fix == "systemctl mask --now xinetd.service"
}

test_neither_package_nor_unit_passes if {
	count(no_xinetd.deny) == 0 with input as {"packages": {"installed": {}, "residual": {}}, "units": {}}
}

test_a_script_of_init_counts if {
	script := object.union(unit("boot"), {"sysv": true, "source": {"path": "/etc/init.d/xinetd"}})
	some finding in no_xinetd.deny with input as guest({"xinetd.service": script})
	finding.evidence == [{"path": "/etc/init.d/xinetd"}]
}
