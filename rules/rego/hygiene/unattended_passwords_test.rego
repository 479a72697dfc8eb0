package guestctl.hygiene.unattended_passwords_test

import data.guestctl.hygiene.unattended_passwords

pass := {"image_state": {"unattended": [{"path": "/root/anaconda-ks.cfg", "has_password": false, "line": 0}]}}

fail := {"image_state": {"unattended": [{"path": "/root/anaconda-ks.cfg", "has_password": true, "line": 12}]}}

test_pass if count(unattended_passwords.deny) == 0 with input as pass

test_fail if {
	some finding in unattended_passwords.deny with input as fail
	finding.msg == "/root/anaconda-ks.cfg has a password (/root/anaconda-ks.cfg line 12)"
	finding.evidence == [{"path": "/root/anaconda-ks.cfg", "line": 12}]
}

test_a_log_without_one if {
	count(unattended_passwords.deny) == 0 with input as {"image_state": {"unattended": [{"path": "/var/log/installer/syslog", "has_password": false}]}}
}
