package guestctl.time.servers_test

import data.guestctl.time.servers

server(name) := {"name": name, "kind": "server", "options": ["iburst"], "source": {"path": "/etc/chrony/chrony.conf", "line": 3}}

guest(program, list, pools) := {
	"timesync": {"program": program, "enabled": true, "started": [program], "servers": list, "pools": pools},
	"packages": {"manager": "dpkg", "installed": {}},
	"chrony": {"user": {"value": "_chrony", "explicit": true, "source": {"path": "/etc/chrony/chrony.conf", "line": 9}}},
}

pass := guest("chrony", [server("ntp1.example.org")], [])

fail := guest("chrony", [], [])

test_pass if {
	count(servers.deny) == 0 with input as pass
	count(servers.unknown) == 0 with input as pass
}

test_fail if {
	some finding in servers.deny with input as fail
	finding.msg == "no file names a server for chrony"
	finding.evidence == []
}

test_pools_will_do if count(servers.deny) == 0 with input as guest("chrony", [], [server("2.debian.pool.ntp.org")])

test_only_accepted_servers if {
	params := {"time-servers": {"servers": ["ntp1.example.org"], "users": ["_chrony"]}}
	count(servers.deny) == 0 with input as pass with data.guestctl.params as params
	some finding in servers.deny with input as guest("timesyncd", [server("evil.example.org")], []) with data.guestctl.params as params
	finding.msg == "timesyncd asks evil.example.org, want ntp1.example.org (/etc/chrony/chrony.conf line 3)"
	finding.evidence == [{"path": "/etc/chrony/chrony.conf", "line": 3}]
}

test_chrony_as_root if {
	root := object.union(pass, {"chrony": {"user": {"value": "root", "source": {"path": "/etc/chrony/chrony.conf", "line": 9}}}})
	some finding in servers.deny with input as root
	finding.msg == "chronyd runs as root, want _chrony or chrony or ntp (/etc/chrony/chrony.conf line 9)"
	count(servers.deny) == 0 with input as object.union(root, {"timesync": {"program": "timesyncd"}})
}

test_the_account_that_was_compiled_in if {
	count(servers.deny) == 0 with input as object.union(pass, {"chrony": {"user": null}})
	count(servers.deny) == 0 with input as object.remove(pass, ["chrony"])
}

test_openntpd_is_unknown if {
	open := object.union(guest("ntp", [], []), {"packages": {"installed": {"openntpd": [{"name": "openntpd", "state": "installed"}]}}})
	some reason in servers.unknown with input as open
	reason == "the facts do not hold the servers of OpenNTPD"
}
