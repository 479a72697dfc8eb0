package guestctl.ssh.log_level_test

import data.guestctl.lib.sshd_test
import data.guestctl.ssh.log_level

pass := sshd_test.server({"loglevel": "INFO"})

fail := sshd_test.server({"loglevel": "QUIET"})

test_pass if count(log_level.deny) == 0 with input as pass

test_fail if {
	some finding in log_level.deny with input as fail
	finding.msg == "LogLevel is QUIET, want INFO or VERBOSE (/etc/ssh/sshd_config line 3)"
	finding.evidence == [sshd_test.source]
}

test_default_passes if count(log_level.deny) == 0 with input as sshd_test.defaults({"loglevel": "INFO"})

test_match_block_fails if {
	some finding in log_level.deny with input as sshd_test.matching(pass, {"loglevel": "QUIET"})
	finding.actual == "LogLevel QUIET for Match user bob"
	finding.evidence == [sshd_test.block_source, sshd_test.setting_source]
}
