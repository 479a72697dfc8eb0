package guestctl.ssh.forwarding_test

import data.guestctl.lib.sshd_test
import data.guestctl.ssh.forwarding

pass := sshd_test.server({"disableforwarding": "yes"})

fail := sshd_test.server({"disableforwarding": "no"})

test_pass if count(forwarding.deny) == 0 with input as pass

test_fail if {
	some finding in forwarding.deny with input as fail
	finding.msg == "DisableForwarding is no, want yes (/etc/ssh/sshd_config line 3)"
	finding.evidence == [sshd_test.source]
}

test_default_fails if {
	some finding in forwarding.deny with input as sshd_test.defaults({"disableforwarding": "no"})
	finding.msg == "DisableForwarding is no, want yes (the default)"
}

test_match_block_fails if {
	some finding in forwarding.deny with input as sshd_test.matching(pass, {"disableforwarding": "no"})
	finding.actual == "DisableForwarding no for Match user bob"
	finding.evidence == [sshd_test.block_source, sshd_test.setting_source]
}
