package guestctl.hygiene.mail_spools_test

import data.guestctl.hygiene.mail_spools

pass := {"image_state": {"mail_spools": [{"path": "/var/mail/root", "size": 0}]}}

fail := {"image_state": {"mail_spools": [{"path": "/var/mail/root", "size": 812}]}}

test_pass if count(mail_spools.deny) == 0 with input as pass

test_fail if {
	some finding in mail_spools.deny with input as fail
	finding.msg == "/var/mail/root has mail (812 bytes)"
	finding.evidence == ["/var/mail/root"]
}
