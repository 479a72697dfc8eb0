package guestctl.services.no_file_mail_directory_servers_test

import data.guestctl.services.no_file_mail_directory_servers

unit(starts) := {
	"init": "systemd",
	"starts": starts,
	"alias_of": null,
	"triggered_by": [],
	"sysv": false,
	"source": {"path": "/etc/systemd/system/multi-user.target.wants/slapd.service"},
}

guest(units) := {
	"packages": {
		"manager": "dpkg",
		"installed": {"slapd": [{"name": "slapd", "version": "1.0-1", "state": "installed"}]},
		"residual": {},
	},
	"units": units,
}

pass := guest({"slapd.service": unit("")})

fail := guest({"slapd.service": unit("boot")})

test_pass if count(no_file_mail_directory_servers.deny) == 0 with input as pass

test_fail if {
	some finding in no_file_mail_directory_servers.deny with input as fail
	finding.msg == "slapd.service is started by boot"
	finding.evidence == [{"path": "/etc/systemd/system/multi-user.target.wants/slapd.service"}]
	finding.fix == "systemctl mask --now slapd.service"
}

test_neither_package_nor_unit_passes if {
	count(no_file_mail_directory_servers.deny) == 0 with input as {"packages": {"installed": {}, "residual": {}}, "units": {}}
}

scripts := {
	"snmpd.service": object.union(unit("boot"), {"sysv": true}),
	"smbd.service": object.union(unit("boot"), {"sysv": true}),
	"squid.service": object.union(unit("boot"), {"sysv": true}),
	"slapd.service": unit("boot"),
}

removed := {"snmpd": [{"name": "snmpd"}], "samba": [{"name": "samba"}], "slapd": [{"name": "slapd"}]}

test_scripts_that_removed_packages_left if {
	{finding.key | some finding in no_file_mail_directory_servers.deny} == {"squid.service", "slapd.service"} with input as {"packages": {"installed": {}, "residual": removed}, "units": scripts}
}

test_a_script_of_a_package_that_is_there_again if {
	{finding.key | some finding in no_file_mail_directory_servers.deny} == {"squid.service", "slapd.service", "smbd.service"} with input as {
		"packages": {"installed": {"samba": [{"name": "samba"}]}, "residual": removed},
		"units": scripts,
	}
}

test_names_of_other_families if {
	units := {"smb.service": unit("boot"), "dovecot.socket": unit("boot"), "samba": object.union(unit("boot"), {"init": "openrc"})}
	{finding.key | some finding in no_file_mail_directory_servers.deny} == {"smb.service", "dovecot.socket", "samba"} with input as guest(units)
}
