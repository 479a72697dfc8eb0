package guestctl.logs.rsyslog_no_remote_input_test

import data.guestctl.logs.rsyslog_no_remote_input

guest(loaded) := {"rsyslog": {"listeners": [{"module": "imtcp", "port": "514", "loaded": loaded, "source": {"path": "/etc/rsyslog.conf", "line": 21}}]}}

pass := guest(false)

fail := guest(true)

test_pass if {
	count(rsyslog_no_remote_input.deny) == 0 with input as pass
	count(rsyslog_no_remote_input.deny) == 0 with input as {"rsyslog": {"listeners": []}}
}

test_fail if {
	some finding in rsyslog_no_remote_input.deny with input as fail
	finding.msg == "imtcp listens on port 514 (/etc/rsyslog.conf line 21)"
	finding.evidence == [{"path": "/etc/rsyslog.conf", "line": 21}]
}
