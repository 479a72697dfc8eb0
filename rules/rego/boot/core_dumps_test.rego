package guestctl.boot.core_dumps_test

import data.guestctl.boot.core_dumps

limit(domain, type, item, value, line) := {"domain": domain, "type": type, "item": item, "value": value, "source": {"path": "/etc/security/limits.d/60-core.conf", "line": line}}

setting(value) := {"value": value, "explicit": true, "source": {"path": "/etc/systemd/coredump.conf", "line": 2}}

hard := limit("*", "hard", "core", "0", 1)

pass := {
	"limits": [hard, limit("*", "soft", "core", "unlimited", 2)],
	"coredump": {"Coredump.Storage": setting("none"), "Coredump.ProcessSizeMax": setting("0")},
}

fail := {
	"limits": [limit("*", "soft", "core", "0", 1)],
	"coredump": {"Coredump.Storage": setting("external")},
}

test_pass if count(core_dumps.deny) == 0 with input as pass

test_fail if {
	found := core_dumps.deny with input as fail
	{finding.msg | some finding in found} == {
		"no limit for everybody sets core to a hard 0",
		"Storage of systemd-coredump is external, want none (/etc/systemd/coredump.conf line 2)",
		"ProcessSizeMax of systemd-coredump is not set, want 0 (the default)",
	}
	some finding in found
	finding.evidence == [{"path": "/etc/systemd/coredump.conf", "line": 2}]
}

test_without_files if {
	some finding in core_dumps.deny with input as {}
	finding.key == "*"
}

test_without_systemd_coredump_the_limits_decide if count(core_dumps.deny) == 0 with input as {"limits": [hard]}

test_both_kinds_of_limit if count(core_dumps.deny) == 0 with input as {"limits": [limit("*", "-", "core", "0", 1)]}

test_the_last_limit_counts if {
	some finding in core_dumps.deny with input as {"limits": [hard, limit("*", "hard", "core", "unlimited", 2)]}
	finding.msg == "the hard limit of core for * is unlimited, want 0 (/etc/security/limits.d/60-core.conf line 2)"
	count(core_dumps.deny) == 0 with input as {"limits": [limit("*", "hard", "core", "unlimited", 1), limit("*", "-", "core", "0", 2)]}
}

test_users_with_limits_of_their_own if {
	some finding in core_dumps.deny with input as {"limits": [hard, limit("@dev", "hard", "core", "unlimited", 2)]}
	finding.key == "@dev"
	count(core_dumps.deny) == 0 with input as {"limits": [hard, limit("root", "hard", "core", "0", 2), limit("@dev", "soft", "core", "9", 3)]}
}

test_users_without_limits if {
	some finding in core_dumps.deny with input as {"limits": [hard, limit("@dev", "-", "", "", 2)]}
	finding.msg == "@dev is free of all limits (/etc/security/limits.d/60-core.conf line 2)"
}
