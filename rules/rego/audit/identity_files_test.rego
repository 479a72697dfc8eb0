package guestctl.audit.identity_files_test

import data.guestctl.audit.identity_files
import data.guestctl.lib.audit_test as example

paths := ["/etc/passwd", "/etc/group", "/etc/shadow", "/etc/gshadow", "/etc/security/opasswd"]

rules := [example.watch(path, "wa", i) | some i, path in paths]

pass := example.loaded(rules)

fail := example.loaded([])

absent := {"packages": example.none, "audit": pass.audit}

test_pass if count(identity_files.deny) == 0 with input as pass

test_fail if {
	found := identity_files.deny with input as fail
	{finding.key | some finding in found} == {path | some path in paths}
	some finding in found
	finding.msg == "no rule watches /etc/passwd"
	finding.evidence == []
}

test_each_file_needs_a_watch if {
	some finding in identity_files.deny with input as example.loaded(array.slice(rules, 1, 5))
	finding.msg == "no rule watches /etc/passwd"
}

test_a_watch_that_is_too_weak_is_shown if {
	some finding in identity_files.deny with input as example.loaded(array.concat(array.slice(rules, 1, 5), [example.watch("/etc/passwd", "x", 9)]))
	finding.evidence == [{"path": "/etc/audit/audit.rules", "line": 9}]
}

test_auditing_that_is_off if {
	some finding in identity_files.deny with input as example.loaded(array.concat(rules, [example.never("task", 9)]))
	finding.msg == "-a never,task turns auditing off (/etc/audit/audit.rules line 9)"
	finding.evidence == [{"path": "/etc/audit/audit.rules", "line": 9}]
}

test_not_applicable_without_the_daemon if {
	not identity_files.applicable with input as absent
	identity_files.applicable with input as pass
}
