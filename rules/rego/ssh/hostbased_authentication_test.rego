package guestctl.ssh.hostbased_authentication_test

import data.guestctl.lib.sshd_test
import data.guestctl.ssh.hostbased_authentication

pass := sshd_test.server({"hostbasedauthentication": "no"})

fail := sshd_test.server({"hostbasedauthentication": "yes"})

test_pass if count(hostbased_authentication.deny) == 0 with input as pass

test_fail if {
	some finding in hostbased_authentication.deny with input as fail
	finding.msg == "HostbasedAuthentication is yes, want no (/etc/ssh/sshd_config line 3)"
	finding.evidence == [sshd_test.source]
}

test_default_passes if count(hostbased_authentication.deny) == 0 with input as sshd_test.defaults({"hostbasedauthentication": "no"})

test_match_block_fails if {
	some finding in hostbased_authentication.deny with input as sshd_test.matching(pass, {"hostbasedauthentication": "yes"})
	finding.actual == "HostbasedAuthentication yes for Match user bob"
	finding.evidence == [sshd_test.block_source, sshd_test.setting_source]
}
