package guestctl.ssh.macs_test

import data.guestctl.lib.sshd_test
import data.guestctl.ssh.macs

pass := sshd_test.server({"macs": ["hmac-sha2-512-etm@openssh.com", "umac-128-etm@openssh.com"]})

fail := sshd_test.server({"macs": ["hmac-sha2-256", "hmac-sha1", "umac-64-etm@openssh.com", "hmac-md5-96"]})

test_pass if count(macs.deny) == 0 with input as pass

test_fail if {
	some finding in macs.deny with input as fail
	finding.msg == "MACs offers hmac-sha1, umac-64-etm@openssh.com, hmac-md5-96 (/etc/ssh/sshd_config line 3)"
	finding.evidence == [sshd_test.source]
}

test_default_of_openssh_fails if {
	some finding in macs.deny with input as sshd_test.defaults({"macs": ["umac-64@openssh.com", "hmac-sha2-256", "hmac-sha1-etm@openssh.com"]})
	finding.msg == "MACs offers umac-64@openssh.com, hmac-sha1-etm@openssh.com (the default)"
}
