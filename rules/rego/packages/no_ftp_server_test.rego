package guestctl.packages.no_ftp_server_test

import data.guestctl.packages.no_ftp_server

unit(starts) := {
	"init": "systemd",
	"starts": starts,
	"alias_of": null,
	"triggered_by": [],
	"sysv": false,
	"source": {"path": "/etc/systemd/system/multi-user.target.wants/vsftpd.service"},
}

guest(units) := {
	"packages": {
		"manager": "dpkg",
		"installed": {"vsftpd": [{"name": "vsftpd", "version": "1.0-1", "state": "installed"}]},
		"residual": {},
	},
	"units": units,
}

pass := guest({"vsftpd.service": unit("")})

fail := guest({"vsftpd.service": unit("boot")})

test_pass if count(no_ftp_server.deny) == 0 with input as pass

test_fail if {
	some finding in no_ftp_server.deny with input as fail
	finding.msg == "vsftpd.service is started by boot"
	finding.evidence == [{"path": "/etc/systemd/system/multi-user.target.wants/vsftpd.service"}]
	finding.fix == "systemctl mask --now vsftpd.service"
}

test_neither_package_nor_unit_passes if {
	count(no_ftp_server.deny) == 0 with input as {"packages": {"installed": {}, "residual": {}}, "units": {}}
}

test_names_of_other_families if {
	units := {"tftp.socket": unit("boot"), "tftp.service": object.union(unit("trigger"), {"triggered_by": ["tftp.socket"]})}
	{finding.key | some finding in no_ftp_server.deny} == {"tftp.socket", "tftp.service"} with input as guest(units)
}

behind(starts) := {
	"packages": {
		"manager": "dpkg",
		"installed": {
			"tftpd": [{"name": "tftpd", "version": "0.17", "state": "installed", "source": {"path": "/var/lib/dpkg/status", "line": 7}}],
			"openbsd-inetd": [{"name": "openbsd-inetd", "version": "0.2", "state": "installed"}],
		},
		"residual": {},
	},
	"units": {"inetd.service": unit(starts), "openbsd-inetd.service": object.union(unit(""), {"alias_of": "inetd.service"})},
}

test_a_server_behind_inetd if {
	some finding in no_ftp_server.deny with input as behind("boot")
	finding.msg == "tftpd 0.17 is installed, and inetd.service is started by boot"
	count(finding.evidence) == 2
}

test_a_server_behind_inetd_that_does_not_start if count(no_ftp_server.deny) == 0 with input as behind("")

test_inetd_alone_serves_no_files if {
	count(no_ftp_server.deny) == 0 with input as object.union(behind("boot"), {"packages": {"installed": {"tftpd": []}}})
}
