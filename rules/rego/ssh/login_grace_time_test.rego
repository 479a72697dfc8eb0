package guestctl.ssh.login_grace_time_test

import data.guestctl.lib.sshd_test
import data.guestctl.ssh.login_grace_time

pass := sshd_test.server({"logingracetime": "60"})

fail := sshd_test.server({"logingracetime": "90"})

test_pass if count(login_grace_time.deny) == 0 with input as pass

test_fail if {
	some finding in login_grace_time.deny with input as fail
	finding.msg == "LoginGraceTime is 90, want 1 to 60 (/etc/ssh/sshd_config line 3)"
	finding.evidence == [sshd_test.source]
}

test_no_limit_fails if {
	some finding in login_grace_time.deny with input as sshd_test.server({"logingracetime": "0"})
	finding.actual == "LoginGraceTime 0"
}

test_default_fails if {
	some finding in login_grace_time.deny with input as sshd_test.defaults({"logingracetime": "120"})
	finding.msg == "LoginGraceTime is 120, want 1 to 60 (the default)"
}
