package guestctl.windows.passwords_in_files_test

import data.guestctl.windows.passwords_in_files

guest(found) := {"windows_secrets": {"found": found}}

secret := {"kind": "answer-file", "name": "AdministratorPassword", "source": {"path": "/Windows/Panther/unattend.xml", "line": 12}}

pass := guest([object.union(secret, {"kind": "default-password"})])

fail := guest([secret])

test_pass if count(passwords_in_files.deny) == 0 with input as pass

test_fail if {
	some finding in passwords_in_files.deny with input as fail
	finding.msg == "an answer file of setup holds a secret: AdministratorPassword"
	finding.evidence == [{"path": "/Windows/Panther/unattend.xml", "line": 12}]
}

test_each_kind if {
	every kind in ["answer-file", "group-policy", "vnc", "putty-proxy", "snmp-community"] {
		count(passwords_in_files.deny) == 1 with input as guest([object.union(secret, {"kind": kind})])
	}
}
