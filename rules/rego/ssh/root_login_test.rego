package guestctl.ssh.root_login_test

import data.guestctl.lib.sshd_test
import data.guestctl.ssh.root_login

pass := sshd_test.server({"permitrootlogin": "no"})

fail := sshd_test.server({"permitrootlogin": "yes"})

test_pass if count(root_login.deny) == 0 with input as pass

test_fail if {
	some finding in root_login.deny with input as fail
	finding.msg == "PermitRootLogin is yes, want no (/etc/ssh/sshd_config line 3)"
	finding.evidence == [sshd_test.source]
}

test_default_fails if {
	some finding in root_login.deny with input as sshd_test.defaults({"permitrootlogin": "without-password"})
	finding.msg == "PermitRootLogin is without-password, want no (the default)"
}

test_match_block_fails if {
	some finding in root_login.deny with input as sshd_test.matching(pass, {"permitrootlogin": "yes"})
	finding.msg == "PermitRootLogin is yes for Match user bob, want no (/etc/ssh/sshd_config line 9)"
	finding.evidence == [sshd_test.block_source, sshd_test.setting_source]
}

# The command line of the unit goes before the files, which are told of as overridden.
test_overridden_lines_are_evidence if {
	file := {"path": "/etc/ssh/sshd_config.d/10-hardening.conf", "line": 1, "text": "PermitRootLogin no", "value": "no"}
	unit := {"path": "/etc/systemd/system/ssh.service.d/options.conf", "line": 3, "text": "ExecStart=/usr/sbin/sshd -D -o PermitRootLogin=yes"}
	server := {"sshd": {"match": [], "effective": {"permitrootlogin": {"value": "yes", "explicit": true, "source": unit, "shadowed": [file]}}}}
	some finding in root_login.deny with input as server
	finding.evidence == [{"path": file.path, "line": 1, "text": file.text, "note": "overridden"}, unit]
}

test_other_values_may_be_allowed if {
	count(root_login.deny) == 0 with input as fail with data.guestctl.params as {"ssh-root-login": {"allowed": ["yes"]}}
}
