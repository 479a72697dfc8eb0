package guestctl.audit.immutable_test

import data.guestctl.audit.immutable
import data.guestctl.lib.audit_test as example

guest(last, drift, missing, extra) := {"packages": example.packages, "audit": {
	"immutable_last": last,
	"drift": drift,
	"missing": missing,
	"extra": extra,
	"files": ["/etc/audit/rules.d/99-finalize.rules"],
}}

pass := guest(true, false, [], [])

fail := guest(false, false, [], [])

absent := {"packages": example.none, "audit": fail.audit}

test_pass if count(immutable.deny) == 0 with input as pass

test_fail if {
	some finding in immutable.deny with input as fail
	finding.msg == "the rules that boot loads do not end with -e 2"
	finding.evidence == [{"path": "/etc/audit/rules.d/99-finalize.rules"}]
}

test_drift if {
	some finding in immutable.deny with input as guest(true, true, ["-b 8192", "-f 2"], ["-w /x -p wa"])
	finding.msg == "audit.rules is not what rules.d makes now: it lacks \"-b 8192\" and 1 more, and it has besides \"-w /x -p wa\""
	finding.evidence == [{"path": "/etc/audit/audit.rules"}]
	some other in immutable.deny with input as guest(true, true, [], [])
	other.msg == "audit.rules is not what rules.d makes now: the order is another"
}

test_not_applicable_without_the_daemon if {
	not immutable.applicable with input as absent
	immutable.applicable with input as pass
}
