package guestctl.ssh.ciphers_test

import data.guestctl.lib.sshd_test
import data.guestctl.ssh.ciphers

pass := sshd_test.server({"ciphers": ["aes256-gcm@openssh.com", "aes256-ctr"]})

fail := sshd_test.server({"ciphers": ["aes256-ctr", "aes128-cbc", "3des-cbc", "rijndael-cbc@lysator.liu.se"]})

test_pass if count(ciphers.deny) == 0 with input as pass

test_fail if {
	some finding in ciphers.deny with input as fail
	finding.msg == "Ciphers offers aes128-cbc, 3des-cbc, rijndael-cbc@lysator.liu.se (/etc/ssh/sshd_config line 3)"
	finding.evidence == [sshd_test.source]
}

test_default_passes if {
	usual := ["chacha20-poly1305@openssh.com", "aes128-ctr", "aes192-ctr", "aes256-ctr", "aes128-gcm@openssh.com", "aes256-gcm@openssh.com"]
	count(ciphers.deny) == 0 with input as sshd_test.defaults({"ciphers": usual})
}

test_one_cipher_as_text_fails if count(ciphers.deny) == 1 with input as sshd_test.server({"ciphers": "aes256-ctr,arcfour256"})
