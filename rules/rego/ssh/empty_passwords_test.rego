package guestctl.ssh.empty_passwords_test

import data.guestctl.lib.sshd_test
import data.guestctl.ssh.empty_passwords

pass := sshd_test.server({"permitemptypasswords": "no"})

fail := sshd_test.server({"permitemptypasswords": "yes"})

test_pass if count(empty_passwords.deny) == 0 with input as pass

test_fail if {
	some finding in empty_passwords.deny with input as fail
	finding.msg == "PermitEmptyPasswords is yes, want no (/etc/ssh/sshd_config line 3)"
	finding.evidence == [sshd_test.source]
}

test_default_passes if count(empty_passwords.deny) == 0 with input as sshd_test.defaults({"permitemptypasswords": "no"})

test_match_block_fails if {
	some finding in empty_passwords.deny with input as sshd_test.matching(pass, {"permitemptypasswords": "yes"})
	finding.actual == "PermitEmptyPasswords yes for Match user bob"
	finding.evidence == [sshd_test.block_source, sshd_test.setting_source]
}
