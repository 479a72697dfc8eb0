package guestctl.audit.privilege_escalation_test

import data.guestctl.audit.privilege_escalation
import data.guestctl.lib.audit_test as example

watches := [example.watch("/etc/sudoers", "wa", 1), example.watch("/etc/sudoers.d", "wa", 2)]

compare := {"key": "euid", "op": "!=", "value": "uid", "compare": true}

logged_in := {"key": "auid", "op": "!=", "value": "unset"}

guest(fields) := example.loaded(array.concat(watches, [example.call(["execve"], arch, fields, 3) | some arch in ["b32", "b64"]]))

pass := guest([compare, logged_in])

fail := example.loaded([])

absent := {"packages": example.none, "audit": pass.audit}

test_pass if count(privilege_escalation.deny) == 0 with input as pass

test_fail if {
	found := privilege_escalation.deny with input as fail
	{finding.msg | some finding in found} == {
		"no rule watches /etc/sudoers",
		"no rule watches /etc/sudoers.d",
		"no rule tells of programs that run as another user for b32",
		"no rule tells of programs that run as another user for b64",
	}
}

test_the_other_way_round if {
	swapped := {"key": "uid", "op": "!=", "value": "euid", "compare": true}
	count(privilege_escalation.deny) == 0 with input as guest([swapped, {"key": "euid", "op": "=", "value": "0"}])
}

test_every_program_is_not_what_is_asked if count(privilege_escalation.deny) == 2 with input as guest([logged_in])

test_other_conditions_leave_some_out if {
	found := privilege_escalation.deny with input as guest([compare, {"key": "exe", "op": "=", "value": "/usr/bin/su"}])
	count(found) == 2
	some finding in found
	finding.evidence == [{"path": "/etc/audit/audit.rules", "line": 3}]
}

test_equal_users_are_no_escalation if {
	count(privilege_escalation.deny) == 2 with input as guest([object.union(compare, {"op": "="})])
}

test_one_width if {
	one := example.loaded(array.concat(watches, [example.call(["execve"], "b64", [compare], 3)]))
	some finding in privilege_escalation.deny with input as one
	finding.key == "execve b32"
}

test_auditing_that_is_off if {
	some finding in privilege_escalation.deny with input as object.union(pass, example.loaded([example.control("-e", "0", 9)]))
	finding.key == "-e 0"
}

test_not_applicable_without_the_daemon if {
	not privilege_escalation.applicable with input as absent
	privilege_escalation.applicable with input as pass
}
