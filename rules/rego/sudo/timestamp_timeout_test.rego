package guestctl.sudo.timestamp_timeout_test

import data.guestctl.sudo.timestamp_timeout

guest(value) := {"sudoers": {
	"defaults": {"timestamp_timeout": {"value": value, "explicit": true, "source": {"path": "/etc/sudoers", "line": 24}}},
	"scoped_defaults": [],
}}

pass := guest("15")

fail := guest("30")

test_pass if count(timestamp_timeout.deny) == 0 with input as pass

test_fail if {
	some finding in timestamp_timeout.deny with input as fail
	finding.msg == "timestamp_timeout is 30, want 0 to 15 (/etc/sudoers line 24)"
	finding.evidence == [{"path": "/etc/sudoers", "line": 24}]
}

test_parts_of_minutes if {
	every value in ["0", "2.5", ".5", "false"] {
		count(timestamp_timeout.deny) == 0 with input as guest(value)
	}
	every value in ["15.5", "-1", "true", "soon", ""] {
		count(timestamp_timeout.deny) == 1 with input as guest(value)
	}
}

test_nothing_said if {
	silent := {"sudoers": {"defaults": {}, "scoped_defaults": []}}
	count(timestamp_timeout.deny) == 0 with input as silent
	some finding in timestamp_timeout.deny with input as silent with data.guestctl.params as {"sudo-timestamp-timeout": {"max": 10}}
	finding.msg == "timestamp_timeout is 15, want 0 to 10 (the default)"
}

test_for_some if {
	line := {"scope": "user", "names": ["bob"], "key": "timestamp_timeout", "value": "-1", "source": {"path": "/etc/sudoers", "line": 28}}
	some finding in timestamp_timeout.deny with input as object.union(pass, {"sudoers": {"scoped_defaults": [line]}})
	finding.msg == "timestamp_timeout is -1 for bob, want 0 to 15 (/etc/sudoers line 28)"
}

test_a_later_line_for_everybody_takes_its_place if {
	before := {"scope": "user", "names": ["bob"], "key": "timestamp_timeout", "value": "-1", "source": {"path": "/etc/sudoers", "line": 18}}
	every scope in ["user", "host"] {
		line := object.union(before, {"scope": scope})
		count(timestamp_timeout.deny) == 0 with input as object.union(pass, {"sudoers": {"scoped_defaults": [line]}})
	}
	every other in [{"scope": "command"}, {"scope": "runas"}, {"source": {"path": "/etc/sudoers", "line": 30}}, {"source": {"path": "/etc/sudoers.d/a", "line": 1}}] {
		line := object.union(before, other)
		count(timestamp_timeout.deny) == 1 with input as object.union(pass, {"sudoers": {"scoped_defaults": [line]}})
	}
}
