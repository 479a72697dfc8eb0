package guestctl.hygiene.hostname_test

import data.guestctl.hygiene.hostname

named(name) := {
	"hostname": {"value": name, "explicit": true, "source": {"path": "/etc/hostname", "line": 1, "text": name}},
	"os": {"id": "rocky", "id_like": ["rhel"], "version_id": "9.4", "family": "rhel", "arch": "x86_64", "init": "systemd"},
}

pass := named("localhost")

fail := named("build-07")

test_pass if count(hostname.deny) == 0 with input as pass

test_names_of_the_distribution if {
	every name in ["rocky", "Rocky9", "rocky-9", "rocky94", "rocky-9.4", "LOCALHOST.localdomain"] {
		count(hostname.deny) == 0 with input as named(name)
	}
}

test_fail if {
	some finding in hostname.deny with input as fail
	finding.msg == "the host is called build-07 (/etc/hostname line 1)"
	finding.evidence == [{"path": "/etc/hostname", "line": 1, "text": "build-07"}]
}

test_names_that_look_like_it if {
	every name in ["rocky8", "rocky9-web", "rocky9.example.org", "debian"] {
		count(hostname.deny) == 1 with input as named(name)
	}
}

test_no_name if count(hostname.deny) == 0 with input as {"os": fail.os}

test_no_version if count(hostname.deny) == 0 with input as object.union(named("arch"), {"os": {"id": "arch", "version_id": ""}})

test_a_name_may_be_meant if {
	count(hostname.deny) == 0 with input as fail with data.guestctl.params as {"hygiene-hostname": {"allowed": ["build-07"]}}
}
