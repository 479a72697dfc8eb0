package guestctl.packages.no_talk_ftp_test

import data.guestctl.packages.no_talk_ftp

one(name) := {
	"name": name,
	"version": "20210827-4",
	"state": "installed",
	"provides": [{"name": sprintf("%s-virtual", [name])}],
	"source": {"path": "/var/lib/dpkg/status", "line": 40},
}

guest(installed) := {"packages": {"manager": "dpkg", "installed": installed}}

pass := guest({"openssh-client": [one("openssh-client")]})

fail := guest({"openssh-client": [one("openssh-client")], "ftp": [one("ftp")]})

test_pass if count(no_talk_ftp.deny) == 0 with input as pass

test_fail if {
	some finding in no_talk_ftp.deny with input as fail
	finding.msg == "ftp 20210827-4 is installed"
	finding.evidence == [{"path": "/var/lib/dpkg/status", "line": 40}]
	finding.fix == "apt purge ftp"
}

test_what_stands_in_for_it_counts if {
	tnftp := object.union(one("tnftp"), {"provides": [{"name": "ftp"}]})
	clone := object.union(one("yafc"), {"provides": [{"name": "ftp"}]})
	found := {finding.msg | some finding in no_talk_ftp.deny} with input as guest({"tnftp": [tnftp], "yafc": [clone]})
	found == {"tnftp 20210827-4 is installed", "yafc 20210827-4 is installed and provides ftp"}
}
