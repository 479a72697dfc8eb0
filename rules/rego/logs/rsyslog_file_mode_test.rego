package guestctl.logs.rsyslog_file_mode_test

import data.guestctl.lib.logs
import data.guestctl.logs.rsyslog_file_mode

guest(path, mode) := {"rsyslog": {
	"file_create_mode": [{"value": mode, "source": {"path": "/etc/rsyslog.conf", "line": 30}}],
	"outputs": [{"selector": "auth.*", "path": path, "mode": mode, "source": {"path": "/etc/rsyslog.conf", "line": 50}}],
}}

pass := guest("/var/log/auth.log", "0640")

fail := guest("/var/log/auth.log", "0644")

test_pass if count(rsyslog_file_mode.deny) == 0 with input as pass

test_fail if {
	some finding in rsyslog_file_mode.deny with input as fail
	finding.msg == "/var/log/auth.log is made with mode 0644, want 0640 or stricter (/etc/rsyslog.conf line 50)"
	finding.evidence == [{"path": "/etc/rsyslog.conf", "line": 30}, {"path": "/etc/rsyslog.conf", "line": 50}]
}

test_devices_are_left_out if count(rsyslog_file_mode.deny) == 0 with input as guest("/dev/console", "0644")

test_modes_are_sets_of_bits if {
	logs.looser("0604", "0640")
	logs.looser("1640", "0640")
	not logs.looser("0600", "0640")
	not logs.looser("0040", "0640")
	not logs.looser("640", "0640")
	logs.looser("u=rw", "0640")
	logs.looser("00100644", "0640")
}
