package guestctl.packages.no_telnet_test

import data.guestctl.packages.no_telnet

one(name) := {
	"name": name,
	"version": "0.17+2.4-2",
	"state": "installed",
	"provides": [{"name": sprintf("%s-virtual", [name])}],
	"source": {"path": "/var/lib/dpkg/status", "line": 40},
}

guest(installed) := {"packages": {"manager": "dpkg", "installed": installed}}

pass := guest({"openssh-client": [one("openssh-client")]})

fail := guest({"openssh-client": [one("openssh-client")], "telnet": [one("telnet")]})

test_pass if count(no_telnet.deny) == 0 with input as pass

test_fail if {
	some finding in no_telnet.deny with input as fail
	finding.msg == "telnet 0.17+2.4-2 is installed"
	finding.evidence == [{"path": "/var/lib/dpkg/status", "line": 40}]
	finding.fix == "apt purge telnet"
}

test_half_installed_counts if {
	some finding in no_telnet.deny with input as guest({"telnet": [object.union(one("telnet"), {"state": "half-installed"})]})
	finding.msg == "telnet 0.17+2.4-2 is half-installed"
}

test_what_stands_in_for_it_counts if {
	kerberos := object.union(one("krb5-clients"), {"provides": [{"name": "rsh-client"}, {"name": "telnet-client"}]})
	some finding in no_telnet.deny with input as guest({"krb5-clients": [kerberos]})
	finding.msg == "krb5-clients 0.17+2.4-2 is installed and provides telnet-client"
}

test_its_own_name_and_what_it_provides_are_one_finding if {
	itself := object.union(one("telnet"), {"provides": [{"name": "telnet"}, {"name": "telnet-client"}]})
	count(no_telnet.deny) == 1 with input as guest({"telnet": [itself]})
}

test_a_removed_package_passes if {
	count(no_telnet.deny) == 0 with input as {"packages": {"installed": {}, "residual": {"telnet": [one("telnet")]}}}
}

test_other_families if {
	some finding in no_telnet.deny with input as {"packages": {"manager": "rpm", "installed": {"telnet-server": [one("telnet-server")]}}}
	finding.fix == "dnf remove telnet-server"
}
