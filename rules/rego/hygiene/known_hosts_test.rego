package guestctl.hygiene.known_hosts_test

import data.guestctl.hygiene.known_hosts

homes(exists, entries) := {"homes": [{
	"user": "bob", "uid": 1000, "path": "/home/bob", "exists": exists, "mode": "0700", "owner_uid": 1000, "owner": "bob", "group": "bob",
	"entries": entries,
}]}

entry(name, size) := {"path": concat("/", ["/home/bob", name]), "name": name, "type": "file", "size": size}

pass := homes(true, [entry(".ssh/known_hosts", 0), entry(".ssh/config", 90)])

fail := homes(true, [entry(".ssh/known_hosts", 142)])

test_pass if count(known_hosts.deny) == 0 with input as pass

test_fail if {
	some finding in known_hosts.deny with input as fail
	finding.msg == "/home/bob/.ssh/known_hosts has 142 bytes"
	finding.evidence == ["/home/bob/.ssh/known_hosts"]
}

test_the_former_file if count(known_hosts.deny) == 1 with input as homes(true, [entry(".ssh/known_hosts.old", 1)])

test_unread_home if {
	some reason in known_hosts.unknown with input as homes(null, [])
	reason.msg == "/home/bob may be on a volume that was not read"
}
