package guestctl.pam.password_complexity_test

import data.guestctl.lib.pam_test as example
import data.guestctl.pam.password_complexity

conf := "/etc/security/pwquality.conf"

unix := example.rule("/etc/pam.d/common-password", 3, "[success=1 default=ignore]", "pam_unix.so", ["yescrypt"])

quality(args) := example.rule("/etc/pam.d/common-password", 1, "requisite", "pam_pwquality.so", args)

guest(rules, pwquality) := {"pam": {"services": {"passwd": example.service("passwd", {"password": rules})}, "pwquality": pwquality}}

good := {
	"difok": example.written("2", conf, 1),
	"maxrepeat": example.written("3", conf, 2),
	"maxsequence": example.written("3", conf, 3),
	"dictcheck": example.preset("1"),
	"enforce_for_root": example.written("true", conf, 5),
}

pass := guest([quality([]), unix], good)

fail := guest([quality([]), unix], {
	"difok": example.written("1", conf, 1),
	"maxrepeat": example.preset("0"),
	"maxsequence": example.written("9", conf, 3),
	"dictcheck": example.written("0", conf, 4),
})

absent := guest([], {})

test_pass if count(password_complexity.deny) == 0 with input as pass

test_fail if {
	found := password_complexity.deny with input as fail
	{finding.msg | some finding in found} == {
		"difok is 1, want at least 2 (/etc/security/pwquality.conf line 1)",
		"maxrepeat is 0, want 1 to 3 (the default)",
		"maxsequence is 9, want 1 to 3 (/etc/security/pwquality.conf line 3)",
		"dictcheck is 0, want 1 (/etc/security/pwquality.conf line 4)",
		"nothing sets enforce_for_root, want to be there",
	}
	some finding in found
	finding.evidence == [{"path": conf, "line": 3}]
}

test_each_alone_fails if {
	every key in object.keys(good) {
		count(password_complexity.deny) == 1 with input as guest([quality([]), unix], object.remove(good, [key]))
	}
}

test_options_of_the_rule if {
	args := ["difok=3", "maxrepeat=2", "maxsequence=3", "dictcheck=1", "enforce_for_root"]
	count(password_complexity.deny) == 0 with input as guest([quality(args), unix], {})
	count(password_complexity.deny) == 1 with input as guest([quality(["difok=0"]), unix], good)
}

test_file_without_the_module if {
	some finding in password_complexity.deny with input as guest([unix], good)
	finding.msg == "passwd: no pam_pwquality.so runs, which would look at the password"
}

test_passwdqc_is_unknown if {
	qc := example.rule("/etc/pam.d/common-password", 1, "requisite", "pam_passwdqc.so", [])
	count(password_complexity.unknown) == 1 with input as guest([qc, unix], {})
	count(password_complexity.unknown) == 0 with input as pass
}

test_not_applicable if not password_complexity.applicable with input as absent
