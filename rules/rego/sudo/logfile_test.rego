package guestctl.sudo.logfile_test

import data.guestctl.sudo.logfile

guest(value, scoped) := {"sudoers": {
	"defaults": {"logfile": {"value": value, "explicit": true, "source": {"path": "/etc/sudoers.d/hardening", "line": 2}}},
	"scoped_defaults": scoped,
}}

pass := guest("/var/log/sudo.log", [])

fail := {"sudoers": {"defaults": {}, "scoped_defaults": []}}

test_pass if count(logfile.deny) == 0 with input as pass

test_fail if {
	some finding in logfile.deny with input as fail
	finding.msg == "nothing sets logfile"
	finding.evidence == []
}

test_turned_off if {
	some finding in logfile.deny with input as guest("false", [])
	finding.msg == "logfile is turned off (/etc/sudoers.d/hardening line 2)"
	finding.evidence == [{"path": "/etc/sudoers.d/hardening", "line": 2}]
}

test_turned_off_for_some if {
	line := {"scope": "command", "names": ["/bin/sh"], "key": "logfile", "value": "false", "source": {"path": "/etc/sudoers", "line": 18}}
	some finding in logfile.deny with input as guest("/var/log/sudo.log", [line])
	finding.msg == "logfile is turned off for the command /bin/sh (/etc/sudoers line 18)"
}
