package guestctl.services.no_dhcp_dns_server_test

import data.guestctl.services.no_dhcp_dns_server

unit(starts) := {
	"init": "systemd",
	"starts": starts,
	"alias_of": null,
	"triggered_by": [],
	"sysv": false,
	"source": {"path": "/etc/systemd/system/multi-user.target.wants/dnsmasq.service"},
}

guest(units) := {
	"packages": {
		"manager": "dpkg",
		"installed": {"dnsmasq": [{"name": "dnsmasq", "version": "1.0-1", "state": "installed"}]},
		"residual": {},
	},
	"units": units,
}

pass := guest({"dnsmasq.service": unit("")})

fail := guest({"dnsmasq.service": unit("boot")})

test_pass if count(no_dhcp_dns_server.deny) == 0 with input as pass

test_fail if {
	some finding in no_dhcp_dns_server.deny with input as fail
	finding.msg == "dnsmasq.service is started by boot"
	finding.evidence == [{"path": "/etc/systemd/system/multi-user.target.wants/dnsmasq.service"}]
	finding.fix == "systemctl mask --now dnsmasq.service"
}

test_neither_package_nor_unit_passes if {
	count(no_dhcp_dns_server.deny) == 0 with input as {"packages": {"installed": {}, "residual": {}}, "units": {}}
}

test_each_server_is_told if {
	units := {"isc-dhcp-server.service": unit("boot"), "bind9.service": object.union(unit(""), {"alias_of": "named.service"}), "named.service": unit("boot")}
	{finding.key | some finding in no_dhcp_dns_server.deny} == {"isc-dhcp-server.service", "named.service"} with input as guest(units)
}

test_an_alias_whose_unit_has_another_name if {
	units := {"named.service": object.union(unit(""), {"alias_of": "named-pkcs11.service"}), "named-pkcs11.service": unit("boot")}
	{finding.key | some finding in no_dhcp_dns_server.deny} == {"named-pkcs11.service"} with input as guest(units)
}
