package guestctl.boot.no_weakening_arguments_test

import data.guestctl.boot.no_weakening_arguments
import data.guestctl.lib.boot_test as example

guest(normal, recovery) := {"boot": {"loader": "grub2", "entries": [example.entry("normal", "Debian", 111, normal), example.entry("recovery", "Debian (recovery mode)", 138, recovery)]}}

pass := guest(["apparmor=0", "quiet", "mitigations=auto,nosmt", "apparmor=1"], ["single"])

fail := guest(["quiet", "mitigations=off"], ["single", "nosmep"])

absent := {"boot": {"loader": "none", "entries": []}}

test_pass if {
	count(no_weakening_arguments.deny) == 0 with input as pass
	count(no_weakening_arguments.unknown) == 0 with input as pass
}

test_fail if {
	found := no_weakening_arguments.deny with input as fail
	{finding.msg | some finding in found} == {
		"\"Debian\" has mitigations=off",
		"\"Debian (recovery mode)\" has nosmep",
	}
	some finding in found
	finding.evidence == [{"path": "/boot/grub/grub.cfg", "line": 111}]
}

test_the_last_one_counts if {
	some finding in no_weakening_arguments.deny with input as guest(["apparmor=1", "apparmor=0"], [])
	finding.actual == "apparmor=0"
}

test_arguments_with_an_equals_sign_inside if {
	params := {"boot-no-weakening-arguments": {"unwanted": ["a.b=c=d"]}}
	count(no_weakening_arguments.deny) == 1 with input as guest(["a.b=c=d"], []) with data.guestctl.params as params
	count(no_weakening_arguments.deny) == 0 with input as guest(["a.b=c"], []) with data.guestctl.params as params
}

test_no_entries_are_no_pass if count(no_weakening_arguments.unknown) == 1 with input as {"boot": {"loader": "grub2", "entries": []}}

test_not_applicable if {
	not no_weakening_arguments.applicable with input as absent
	no_weakening_arguments.applicable with input as pass
}
