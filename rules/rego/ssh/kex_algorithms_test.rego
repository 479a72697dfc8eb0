package guestctl.ssh.kex_algorithms_test

import data.guestctl.lib.sshd_test
import data.guestctl.ssh.kex_algorithms

pass := sshd_test.server({"kexalgorithms": ["curve25519-sha256", "diffie-hellman-group16-sha512"]})

fail := sshd_test.server({"kexalgorithms": ["curve25519-sha256", "diffie-hellman-group14-sha1", "diffie-hellman-group1-sha1", "diffie-hellman-group-exchange-sha1"]})

test_pass if count(kex_algorithms.deny) == 0 with input as pass

test_fail if {
	some finding in kex_algorithms.deny with input as fail
	finding.msg == "KexAlgorithms offers diffie-hellman-group14-sha1, diffie-hellman-group1-sha1, diffie-hellman-group-exchange-sha1 (/etc/ssh/sshd_config line 3)"
	finding.evidence == [sshd_test.source]
}

test_groups_with_sha2_pass if {
	groups := ["diffie-hellman-group14-sha256", "diffie-hellman-group16-sha512", "diffie-hellman-group-exchange-sha256"]
	count(kex_algorithms.deny) == 0 with input as sshd_test.defaults({"kexalgorithms": groups})
}
