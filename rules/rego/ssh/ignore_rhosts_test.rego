package guestctl.ssh.ignore_rhosts_test

import data.guestctl.lib.sshd_test
import data.guestctl.ssh.ignore_rhosts

pass := sshd_test.server({"ignorerhosts": "yes"})

fail := sshd_test.server({"ignorerhosts": "shosts-only"})

test_pass if count(ignore_rhosts.deny) == 0 with input as pass

test_fail if {
	some finding in ignore_rhosts.deny with input as fail
	finding.msg == "IgnoreRhosts is shosts-only, want yes (/etc/ssh/sshd_config line 3)"
	finding.evidence == [sshd_test.source]
}

test_default_passes if count(ignore_rhosts.deny) == 0 with input as sshd_test.defaults({"ignorerhosts": "yes"})

test_match_block_fails if {
	some finding in ignore_rhosts.deny with input as sshd_test.matching(pass, {"ignorerhosts": "shosts-only"})
	finding.actual == "IgnoreRhosts shosts-only for Match user bob"
	finding.evidence == [sshd_test.block_source, sshd_test.setting_source]
}
