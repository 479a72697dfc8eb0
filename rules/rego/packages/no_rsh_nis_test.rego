package guestctl.packages.no_rsh_nis_test

import data.guestctl.packages.no_rsh_nis

one(name) := {
	"name": name,
	"version": "3.105",
	"state": "installed",
	"provides": [{"name": sprintf("%s-virtual", [name])}],
	"source": {"path": "/var/lib/dpkg/status", "line": 40},
}

guest(installed) := {"packages": {"manager": "dpkg", "installed": installed}}

pass := guest({"openssh-client": [one("openssh-client")]})

fail := guest({"openssh-client": [one("openssh-client")], "nis": [one("nis")]})

test_pass if count(no_rsh_nis.deny) == 0 with input as pass

test_fail if {
	some finding in no_rsh_nis.deny with input as fail
	finding.msg == "nis 3.105 is installed"
	finding.evidence == [{"path": "/var/lib/dpkg/status", "line": 40}]
	finding.fix == "apt purge nis"
}

test_names_of_other_families if {
	installed := {"rsh": [one("rsh")], "ypbind": [one("ypbind")], "ypserv": [one("ypserv")]}
	{finding.key | some finding in no_rsh_nis.deny} == {"rsh", "ypbind", "ypserv"} with input as guest(installed)
}

test_what_stands_in_for_it_counts if {
	telnet := object.union(one("telnet"), {"provides": [{"name": "rsh-client"}]})
	some finding in no_rsh_nis.deny with input as guest({"telnet": [telnet]})
	finding.msg == "telnet 3.105 is installed and provides rsh-client"
}

test_ssh_may_call_itself_rsh_client if {
	ssh := object.union(one("openssh-client"), {"provides": [{"name": "rsh-client"}, {"name": "ssh-client"}]})
	count(no_rsh_nis.deny) == 0 with input as guest({"openssh-client": [ssh]})
}
