package guestctl.audit.time_changes_test

import data.guestctl.audit.time_changes
import data.guestctl.lib.audit_test as example

watch := [example.watch("/etc/localtime", "wa", 1)]

guest(calls, fields) := example.loaded(array.concat(watch, [example.call(calls, arch, fields, 3) | some arch in ["b32", "b64"]]))

pass := guest(["adjtimex", "clock_settime", "settimeofday"], [])

fail := guest(["adjtimex"], [])

absent := {"packages": example.none, "audit": pass.audit}

test_pass if count(time_changes.deny) == 0 with input as pass

test_fail if {
	found := time_changes.deny with input as fail
	{finding.msg | some finding in found} == {
		"no rule tells of settimeofday for b32, b64",
		"no rule tells of clock_settime for b32, b64",
	}
}

test_the_clock_of_the_wall_is_enough if {
	wall := [{"key": "a0", "op": "=", "value": "0x0"}]
	rules := [example.call(["clock_settime"], "", wall, 3), example.call(["adjtimex", "settimeofday"], "", [], 4)]
	count(time_changes.deny) == 0 with input as example.loaded(array.concat(watch, rules))
	count(time_changes.deny) == 2 with input as guest(["adjtimex", "clock_settime", "settimeofday"], wall)
}

test_some_people_only if {
	found := time_changes.deny with input as guest(["adjtimex", "clock_settime", "settimeofday"], [{"key": "auid", "op": ">=", "value": "1000"}])
	count(found) == 3
	some finding in found
	finding.evidence == [{"path": "/etc/audit/audit.rules", "line": 3}, {"path": "/etc/audit/audit.rules", "line": 3}]
}

test_one_width if {
	one := example.loaded(array.concat(watch, [example.call(["all"], "b64", [], 3)]))
	some finding in time_changes.deny with input as one
	finding.msg == "no rule tells of adjtimex for b32"
}

test_localtime if {
	without := example.loaded([example.call(["all"], "", [], 3)])
	some finding in time_changes.deny with input as without
	finding.msg == "no rule watches /etc/localtime"
}

test_auditing_that_is_off if {
	off := example.loaded(array.concat(watch, [example.call(["all"], "", [], 3), example.never("task", 9)]))
	some finding in time_changes.deny with input as off
	finding.key == "-a never,task"
}

test_not_applicable_without_the_daemon if {
	not time_changes.applicable with input as absent
	time_changes.applicable with input as pass
}
