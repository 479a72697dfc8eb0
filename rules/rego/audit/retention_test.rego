package guestctl.audit.retention_test

import data.guestctl.audit.retention
import data.guestctl.lib.audit_test as example

setting(value, line) := {"value": value, "explicit": true, "source": {"path": "/etc/audit/auditd.conf", "line": line}}

good := {
	"max_log_file": setting("8", 8),
	"max_log_file_action": setting("keep_logs", 10),
	"space_left_action": setting("EMAIL", 12),
	"admin_space_left_action": setting("single", 15),
	"disk_full_action": setting("halt", 16),
	"disk_error_action": setting("syslog", 17),
}

pass := {"packages": example.packages, "auditd": good}

fail := {"packages": example.packages, "auditd": object.union(good, {"max_log_file": setting("2", 8), "max_log_file_action": setting("ROTATE", 10)})}

absent := {"packages": example.none, "auditd": good}

test_pass if count(retention.deny) == 0 with input as pass

test_fail if {
	found := retention.deny with input as fail
	{finding.msg | some finding in found} == {
		"max_log_file is 2, want at least 8 (/etc/audit/auditd.conf line 8)",
		"max_log_file_action is ROTATE, want keep_logs (/etc/audit/auditd.conf line 10)",
	}
	some finding in found
	finding.evidence == [{"path": "/etc/audit/auditd.conf", "line": 8}]
}

test_what_nobody_wrote if {
	every key in object.keys(good) {
		count(retention.deny) == 1 with input as {"auditd": object.remove(good, [key])}
	}
	some finding in retention.deny with input as {"auditd": object.remove(good, ["disk_full_action"])}
	finding.msg == "disk_full_action is not set, want single or halt"
}

test_no_number if count(retention.deny) == 1 with input as {"auditd": object.union(good, {"max_log_file": setting("much", 8)})}

test_not_applicable_without_the_daemon if {
	not retention.applicable with input as absent
	retention.applicable with input as pass
}
