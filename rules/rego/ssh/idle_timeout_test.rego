package guestctl.ssh.idle_timeout_test

import data.guestctl.lib.sshd_test
import data.guestctl.ssh.idle_timeout

pass := sshd_test.server({"clientaliveinterval": "300", "clientalivecountmax": "3"})

fail := sshd_test.server({"clientaliveinterval": "900", "clientalivecountmax": "3"})

test_pass if count(idle_timeout.deny) == 0 with input as pass

test_fail if {
	some finding in idle_timeout.deny with input as fail
	finding.msg == "ClientAliveInterval is 900, want 1 to 300 (/etc/ssh/sshd_config line 3)"
	finding.evidence == [sshd_test.source]
}

test_default_fails if {
	some finding in idle_timeout.deny with input as sshd_test.defaults({"clientaliveinterval": "0", "clientalivecountmax": "3"})
	finding.msg == "ClientAliveInterval is 0, want 1 to 300 (the default)"
}

test_both_are_told if {
	found := idle_timeout.deny with input as sshd_test.server({"clientaliveinterval": "0", "clientalivecountmax": "0"})
	{finding.key | some finding in found} == {"ClientAliveInterval", "ClientAliveCountMax"}
}

test_match_block_fails if {
	some finding in idle_timeout.deny with input as sshd_test.matching(pass, {"clientalivecountmax": "0"})
	finding.actual == "ClientAliveCountMax 0 for Match user bob"
}
