package guestctl.ssh.user_environment_test

import data.guestctl.lib.sshd_test
import data.guestctl.ssh.user_environment

pass := sshd_test.server({"permituserenvironment": "no"})

fail := sshd_test.server({"permituserenvironment": "yes"})

test_pass if count(user_environment.deny) == 0 with input as pass

test_fail if {
	some finding in user_environment.deny with input as fail
	finding.msg == "PermitUserEnvironment is yes, want no (/etc/ssh/sshd_config line 3)"
	finding.evidence == [sshd_test.source]
}

test_default_passes if count(user_environment.deny) == 0 with input as sshd_test.defaults({"permituserenvironment": "no"})
