package guestctl.ssh.root_login_test

import data.guestctl.ssh.root_login

pass := {"sshd": {"effective": {"permitrootlogin": {"value": "no", "explicit": true, "source": {"path": "/etc/ssh/sshd_config", "line": 3}}}, "match": []}}

fail := {"sshd": {"effective": {"permitrootlogin": {"value": "yes", "explicit": true, "source": {"path": "/etc/ssh/sshd_config", "line": 3}}}, "match": []}}

loosened := object.union(pass, {"sshd": {"match": [{
	"criteria": "user bob",
	"settings": {"permitrootlogin": {"value": "yes", "source": {"path": "/etc/ssh/sshd_config", "line": 9}}},
	"source": {"path": "/etc/ssh/sshd_config", "line": 8},
}]}})

test_pass if count(root_login.deny) == 0 with input as pass

test_fail if {
	some finding in root_login.deny with input as fail
	finding.msg == "PermitRootLogin is yes, want no (/etc/ssh/sshd_config line 3)"
	finding.evidence == [{"path": "/etc/ssh/sshd_config", "line": 3}]
}

test_default_fails if {
	missing := {"sshd": {"effective": {"permitrootlogin": {"value": "prohibit-password", "explicit": false, "source": null}}, "match": []}}
	some finding in root_login.deny with input as missing
	finding.msg == "PermitRootLogin is prohibit-password, want no (the default)"
}

test_match_block_fails if {
	some finding in root_login.deny with input as loosened
	finding.actual == "yes (Match user bob)"
}

test_other_values_may_be_allowed if {
	count(root_login.deny) == 0 with input as fail with data.guestctl.params as {"ssh-root-login": {"allowed": ["yes"]}}
}
