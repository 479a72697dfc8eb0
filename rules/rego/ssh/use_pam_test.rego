package guestctl.ssh.use_pam_test

import data.guestctl.lib.sshd_test
import data.guestctl.ssh.use_pam

pass := sshd_test.server({"usepam": "yes"})

fail := sshd_test.server({"usepam": "no"})

test_pass if count(use_pam.deny) == 0 with input as pass

test_fail if {
	some finding in use_pam.deny with input as fail
	finding.msg == "UsePAM is no, want yes (/etc/ssh/sshd_config line 3)"
	finding.evidence == [sshd_test.source]
}

test_default_fails if {
	some finding in use_pam.deny with input as sshd_test.defaults({"usepam": "no"})
	finding.msg == "UsePAM is no, want yes (the default)"
}
