package guestctl.services.mail_loopback_only_test

import data.guestctl.services.mail_loopback_only

guest(fields) := {"mta": object.union(
	{
		"program": "postfix",
		"installed": true,
		"enabled": true,
		"listen": [{"value": "loopback-only", "source": {"path": "/etc/postfix/main.cf", "line": 32}}],
		"loopback_only": true,
	},
	fields,
)}

pass := guest({})

public := {"listen": [{"value": "all", "source": {"path": "/etc/postfix/main.cf", "line": 32}}], "loopback_only": false}

fail := guest(public)

absent := guest({"installed": false})

test_pass if {
	count(mail_loopback_only.deny) == 0 with input as pass
	count(mail_loopback_only.unknown) == 0 with input as pass
}

test_fail if {
	some finding in mail_loopback_only.deny with input as fail
	finding.msg == "postfix takes mail from the network: it listens at all"
	finding.evidence == [{"path": "/etc/postfix/main.cf", "line": 32}]
}

test_a_default_has_no_place if {
	some finding in mail_loopback_only.deny with input as guest({"listen": [{"value": "all", "source": null}], "loopback_only": false})
	finding.evidence == [null]
}

test_a_server_that_nothing_starts if {
	count(mail_loopback_only.deny) == 0 with input as guest(object.union(public, {"enabled": false}))
	count(mail_loopback_only.unknown) == 0 with input as guest({"loopback_only": null, "enabled": false})
}

test_a_server_of_which_it_is_not_known_whether_it_starts if {
	count(mail_loopback_only.deny) == 1 with input as guest(object.union(public, {"enabled": null}))
}

test_a_configuration_that_is_not_read if {
	some reason in mail_loopback_only.unknown with input as guest({"program": "", "loopback_only": null})
	reason.msg == "where the mail server listens is not known"
}

test_only_its_configuration_is_left if {
	not mail_loopback_only.applicable with input as absent
	mail_loopback_only.applicable with input as pass
	mail_loopback_only.skip_reason == "of a mail server only its configuration is left" with input as absent
}
