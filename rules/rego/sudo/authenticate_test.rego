package guestctl.sudo.authenticate_test

import data.guestctl.sudo.authenticate

pass := {"sudoers": {"defaults": {"authenticate": {"value": "true", "explicit": false, "source": null}}, "scoped_defaults": []}}

fail := {"sudoers": {"defaults": {"authenticate": {"value": "false", "explicit": true, "source": {"path": "/etc/sudoers", "line": 9}}}, "scoped_defaults": []}}

test_pass if count(authenticate.deny) == 0 with input as pass

test_fail if {
	some finding in authenticate.deny with input as fail
	finding.msg == "authenticate is turned off (/etc/sudoers line 9)"
	finding.evidence == [{"path": "/etc/sudoers", "line": 9}]
}

test_turned_off_for_some if {
	line := {"scope": "runas", "names": ["postgres"], "key": "authenticate", "value": "false", "source": {"path": "/etc/sudoers", "line": 19}}
	some finding in authenticate.deny with input as object.union(pass, {"sudoers": {"scoped_defaults": [line]}})
	finding.msg == "authenticate is turned off for the runas postgres (/etc/sudoers line 19)"
}

test_other_defaults_for_some if {
	line := {"scope": "host", "names": ["debian12"], "key": "lecture", "value": "false", "source": {"path": "/etc/sudoers", "line": 21}}
	count(authenticate.deny) == 0 with input as object.union(pass, {"sudoers": {"scoped_defaults": [line]}})
}
