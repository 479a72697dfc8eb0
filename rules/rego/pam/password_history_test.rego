package guestctl.pam.password_history_test

import data.guestctl.lib.pam_test as example
import data.guestctl.pam.password_history

unix := example.rule("/etc/pam.d/common-password", 3, "[success=1 default=ignore]", "pam_unix.so", ["use_authtok"])

history(control, args) := example.rule("/etc/pam.d/common-password", 2, control, "pam_pwhistory.so", args)

guest(rules, pwhistory) := {"pam": {"services": {"passwd": example.service("passwd", {"password": rules})}, "pwhistory": pwhistory}}

defaults := {"remember": example.preset("10")}

pass := guest([history("requisite", ["remember=24", "use_authtok"]), unix], defaults)

fail := guest([history("requisite", []), unix], defaults)

absent := guest([], defaults)

test_pass if count(password_history.deny) == 0 with input as pass

test_fail if {
	found := password_history.deny with input as fail
	{finding.msg | some finding in found} == {
		"remember is 10, want at least 24 (the default)",
		"pam_pwhistory.so has no use_authtok (/etc/pam.d/common-password line 2)",
	}
	some finding in found
	finding.evidence == [{"path": "/etc/pam.d/common-password", "line": 2}]
}

test_file_of_the_module if {
	written := {"remember": example.written("24", "/etc/security/pwhistory.conf", 1)}
	count(password_history.deny) == 0 with input as guest([history("requisite", ["use_authtok"]), unix], written)
}

test_no_module if {
	some finding in password_history.deny with input as guest([unix], defaults)
	finding.msg == "passwd: no pam_pwhistory.so runs before pam_unix.so"
}

test_too_late if {
	count(password_history.deny) == 1 with input as guest([unix, history("requisite", ["remember=24", "use_authtok"])], defaults)
}

test_optional if {
	some finding in password_history.deny with input as guest([history("optional", ["remember=24", "use_authtok"]), unix], defaults)
	finding.msg == "pam_pwhistory.so is optional, which enforces nothing (/etc/pam.d/common-password line 2)"
}

test_another_file_is_unknown if {
	count(password_history.unknown) == 1 with input as guest([history("requisite", ["conf=/etc/other.conf", "use_authtok"]), unix], defaults)
	count(password_history.unknown) == 0 with input as pass
}

test_not_applicable if not password_history.applicable with input as absent
