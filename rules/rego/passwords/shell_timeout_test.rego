package guestctl.passwords.shell_timeout_test

import data.guestctl.passwords.shell_timeout

timeout(value, readonly, path) := {"value": value, "readonly": readonly, "exported": true, "source": {"path": path, "line": 2}}

guest(timeouts) := {"profile": {"tmout": timeouts}}

script := "/etc/profile.d/hardening.sh"

pass := guest([timeout(900, true, script)])

fail := guest([timeout(1800, true, script)])

test_pass if {
	count(shell_timeout.deny) == 0 with input as pass
	count(shell_timeout.unknown) == 0 with input as pass
}

test_fail if {
	some finding in shell_timeout.deny with input as fail
	finding.msg == "TMOUT is 1800, want 1 to 900 (/etc/profile.d/hardening.sh line 2)"
	finding.evidence == [{"path": "/etc/profile.d/hardening.sh", "line": 2}]
}

test_never_set if {
	some finding in shell_timeout.deny with input as guest([])
	finding.msg == "no start-up file of the shells sets TMOUT, want 1 to 900"
}

test_set_for_root_only if {
	count(shell_timeout.deny) == 1 with input as guest([timeout(600, true, "/root/.bashrc")])
}

test_turned_off_later if {
	some finding in shell_timeout.deny with input as guest([timeout(600, true, script), timeout(0, false, "/root/.bashrc")])
	finding.msg == "TMOUT is 0, want 1 to 900 (/root/.bashrc line 2)"
}

test_not_read_only if {
	some finding in shell_timeout.deny with input as guest([timeout(600, false, script), timeout(300, false, "/etc/bash.bashrc")])
	finding.msg == "TMOUT is not read-only, so that everybody may unset it"
	count(finding.evidence) == 2
}

test_one_of_them_read_only if {
	count(shell_timeout.deny) == 0 with input as guest([timeout(600, false, script), timeout(300, true, "/etc/bash.bashrc")])
}

test_what_is_no_plain_number_is_unknown if {
	odd := [timeout(null, true, script)]
	count(shell_timeout.deny) == 0 with input as guest(odd)
	some reason in shell_timeout.unknown with input as guest(odd)
	reason.msg == "TMOUT is no plain number (/etc/profile.d/hardening.sh line 2)"
	count(shell_timeout.unknown) == 0 with input as guest(array.concat(odd, [timeout(0, false, script)]))
}
