package guestctl.services.no_web_server_test

import data.guestctl.services.no_web_server

unit(starts) := {
	"init": "systemd",
	"starts": starts,
	"alias_of": null,
	"triggered_by": [],
	"sysv": false,
	"source": {"path": "/etc/systemd/system/multi-user.target.wants/nginx.service"},
}

guest(units) := {
	"packages": {
		"manager": "dpkg",
		"installed": {"nginx": [{"name": "nginx", "version": "1.0-1", "state": "installed"}]},
		"residual": {},
	},
	"units": units,
}

pass := guest({"nginx.service": unit("")})

fail := guest({"nginx.service": unit("boot")})

test_pass if count(no_web_server.deny) == 0 with input as pass

test_fail if {
	some finding in no_web_server.deny with input as fail
	finding.msg == "nginx.service is started by boot"
	finding.evidence == [{"path": "/etc/systemd/system/multi-user.target.wants/nginx.service"}]
	finding.fix == "systemctl mask --now nginx.service"
}

test_neither_package_nor_unit_passes if {
	count(no_web_server.deny) == 0 with input as {"packages": {"installed": {}, "residual": {}}, "units": {}}
}

test_names_of_other_families if {
	units := {"httpd.service": unit("boot"), "apache2.service": unit("boot")}
	{finding.key | some finding in no_web_server.deny} == {"httpd.service", "apache2.service"} with input as guest(units)
}

test_a_server_may_be_allowed if {
	count(no_web_server.deny) == 0 with input as fail with data.guestctl.params as {"services-no-web-server": {"services": ["apache2"]}}
}
