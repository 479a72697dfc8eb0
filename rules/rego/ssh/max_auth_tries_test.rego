package guestctl.ssh.max_auth_tries_test

import data.guestctl.lib.sshd_test
import data.guestctl.ssh.max_auth_tries

pass := sshd_test.server({"maxauthtries": "4"})

fail := sshd_test.server({"maxauthtries": "5"})

test_pass if count(max_auth_tries.deny) == 0 with input as pass

test_fail if {
	some finding in max_auth_tries.deny with input as fail
	finding.msg == "MaxAuthTries is 5, want 1 to 4 (/etc/ssh/sshd_config line 3)"
	finding.evidence == [sshd_test.source]
}

test_default_fails if {
	some finding in max_auth_tries.deny with input as sshd_test.defaults({"maxauthtries": "6"})
	finding.msg == "MaxAuthTries is 6, want 1 to 4 (the default)"
}

test_match_block_fails if {
	some finding in max_auth_tries.deny with input as sshd_test.matching(pass, {"maxauthtries": "20"})
	finding.actual == "MaxAuthTries 20 for Match user bob"
}

test_no_number_fails if count(max_auth_tries.deny) == 1 with input as sshd_test.server({"maxauthtries": "many"})

test_limit_is_a_parameter if {
	count(max_auth_tries.deny) == 0 with input as fail with data.guestctl.params as {"ssh-max-auth-tries": {"most": 5}}
}
