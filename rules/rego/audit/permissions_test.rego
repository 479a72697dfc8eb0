package guestctl.audit.permissions_test

import data.guestctl.audit.permissions
import data.guestctl.lib.audit_test
import data.guestctl.lib.files_test as example

guest(log_mode, log_gid) := {
	"packages": audit_test.packages,
	"auditd": {
		"log_file": {"value": "/var/log/audit/audit.log", "explicit": true, "source": {"path": "/etc/audit/auditd.conf", "line": 3}},
		"log_group": {"value": "shadow", "explicit": true, "source": {"path": "/etc/audit/auditd.conf", "line": 4}},
	},
	"files": {"/var/log/audit": example.file("dir", "0750", 0, 42), "/sbin/auditctl": example.file("file", "0755", 0, 0), "/sbin/autrace": example.nothing},
	"globs": {
		"/etc/audit/*": {"paths": [], "files": [example.entry("/etc/audit/auditd.conf", "file", "0640", 0, 0), example.entry("/etc/audit/rules.d", "dir", "0755", 0, 0)]},
		"/etc/audit/rules.d/*": {"paths": [], "files": [example.entry("/etc/audit/rules.d/audit.rules", "file", "0640", 0, 0)]},
		"/var/log/audit/*": {"paths": [], "files": [example.entry("/var/log/audit/audit.log", "file", log_mode, 0, log_gid)]},
	},
}

pass := guest("0640", 42)

fail := guest("0644", 42)

absent := object.union(object.remove(fail, ["packages"]), {"packages": audit_test.none})

test_pass if {
	count(permissions.deny) == 0 with input as pass
	count(permissions.unknown) == 0 with input as pass
}

test_fail if {
	some finding in permissions.deny with input as fail
	finding.msg == "/var/log/audit/audit.log has mode 0644, want mode 0640 or stricter, owner root, group root or shadow"
	finding.evidence == [{"path": "/var/log/audit/audit.log"}]
}

test_another_group_reads_the_logs if {
	some finding in permissions.deny with input as guest("0640", 1000)
	finding.key == "/var/log/audit/audit.log"
	count(permissions.deny) == 2 with input as object.union(pass, {"auditd": {"log_group": {"value": "root"}}})
}

test_rules_programs_and_directory if {
	loose := object.union(pass, {
		"files": {"/var/log/audit": example.file("dir", "0755", 0, 0), "/sbin/auditctl": example.file("file", "0777", 1000, 0)},
		"globs": {"/etc/audit/rules.d/*": {"files": [example.entry("/etc/audit/rules.d/audit.rules", "file", "0644", 0, 0)]}},
	})
	found := permissions.deny with input as loose
	{finding.key | some finding in found} == {"/var/log/audit", "/sbin/auditctl", "/etc/audit/rules.d/audit.rules"}
}

test_defaults_of_auditd if {
	count(permissions.deny) == 0 with input as object.union(guest("0600", 0), {"auditd": {}})
	silent := {"auditd": {}, "files": guest("0600", 0).files, "globs": guest("0600", 0).globs}
	some finding in permissions.deny with input as silent
	finding.key == "/var/log/audit"
}

test_logs_elsewhere_are_unknown if {
	elsewhere := object.union(pass, {"auditd": {"log_file": {"value": "/srv/audit.log"}}})
	some reason in permissions.unknown with input as elsewhere
	reason == "the mode of /srv/audit.log, where auditd writes, is not known"
}

test_not_applicable_without_the_daemon if {
	not permissions.applicable with input as absent
	permissions.applicable with input as pass
}
