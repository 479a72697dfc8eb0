package guestctl.boot.audit_arguments_test

import data.guestctl.boot.audit_arguments
import data.guestctl.lib.boot_test as example

guest(args) := {"boot": {"loader": "grub2", "entries": [example.entry("normal", "Debian", 111, args), example.entry("recovery", "Debian (recovery mode)", 138, [])]}}

pass := guest(["root=UUID=1", "audit=1", "audit_backlog_limit=8192", "quiet"])

fail := guest(["root=UUID=1", "quiet"])

absent := {"boot": {"loader": "none", "entries": []}}

test_pass if {
	count(audit_arguments.deny) == 0 with input as pass
	count(audit_arguments.unknown) == 0 with input as pass
}

test_fail if {
	found := audit_arguments.deny with input as fail
	{finding.msg | some finding in found} == {
		"\"Debian\" has no audit, want audit=1",
		"\"Debian\" has no audit_backlog_limit, want audit_backlog_limit=8192 or more",
	}
	some finding in found
	finding.evidence == [{"path": "/boot/grub/grub.cfg", "line": 111}]
}

test_the_last_one_counts if {
	some finding in audit_arguments.deny with input as guest(["audit=1", "audit_backlog_limit=8192", "audit=0"])
	finding.msg == "\"Debian\" has audit=0, want audit=1"
	count(audit_arguments.deny) == 0 with input as guest(["audit=0", "audit=on", "audit_backlog_limit=16384"])
}

test_flag_without_a_value if count(audit_arguments.deny) == 1 with input as guest(["audit", "audit_backlog_limit=8192"])

test_small_backlog if {
	every value in ["64", "many", ""] {
		count(audit_arguments.deny) == 1 with input as guest(["audit=1", sprintf("audit_backlog_limit=%s", [value])])
	}
}

test_where_the_argument_stands if {
	from := {"path": "/boot/grub/grubenv", "line": 2}
	entry := object.union(example.entry("normal", "Rocky", 1, []), {"args": [{"key": "audit", "value": "0", "source": from}]})
	found := audit_arguments.deny with input as {"boot": {"loader": "bls", "entries": [entry]}}
	some finding in found
	finding.evidence == [{"path": "/boot/grub/grub.cfg", "line": 1}, from]
}

test_no_entries_are_no_pass if {
	some reason in audit_arguments.unknown with input as {"boot": {"loader": "grub2", "entries": []}}
	reason == "the boot menu has no entry that could be read"
}

test_not_applicable if {
	not audit_arguments.applicable with input as absent
	audit_arguments.applicable with input as pass
}
