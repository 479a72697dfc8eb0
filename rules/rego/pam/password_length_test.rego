package guestctl.pam.password_length_test

import data.guestctl.lib.pam_test as example
import data.guestctl.pam.password_length

conf := "/etc/security/pwquality.conf"

unix := example.rule("/etc/pam.d/common-password", 3, "[success=1 default=ignore]", "pam_unix.so", ["yescrypt"])

quality(args) := example.rule("/etc/pam.d/common-password", 1, "requisite", "pam_pwquality.so", args)

guest(rules, pwquality) := {"pam": {"services": {"passwd": example.service("passwd", {"password": rules})}, "pwquality": pwquality}}

pass := guest([quality([]), unix], {"minlen": example.written("14", conf, 1)})

fail := guest([quality([]), unix], {"minlen": example.written("8", conf, 1)})

absent := guest([], {})

test_pass if count(password_length.deny) == 0 with input as pass

test_fail if {
	some finding in password_length.deny with input as fail
	finding.msg == "minlen is 8, want at least 14 (/etc/security/pwquality.conf line 1)"
	finding.evidence == [{"path": conf, "line": 1}]
}

test_rule_goes_before_file if {
	some finding in password_length.deny with input as guest([quality(["minlen=6"]), unix], {"minlen": example.written("14", conf, 1)})
	finding.msg == "minlen is 6, want at least 14 (/etc/pam.d/common-password line 1)"
	count(password_length.deny) == 0 with input as guest([quality(["minlen=20"]), unix], {"minlen": example.written("8", conf, 1)})
}

test_overridden_lines_are_told if {
	lost := {"path": "/etc/security/pwquality.conf.d/50.conf", "line": 1, "text": "minlen = 14", "value": "14"}
	weak := object.union(example.written("8", conf, 1), {"shadowed": [lost]})
	some finding in password_length.deny with input as guest([quality([]), unix], {"minlen": weak})
	finding.evidence == [{"path": lost.path, "line": 1, "text": "minlen = 14", "note": "overridden"}, {"path": conf, "line": 1}]
}

test_nobody_sets_it if {
	some finding in password_length.deny with input as guest([quality([]), unix], {})
	finding.msg == "nothing sets minlen, want at least 14"
}

test_file_without_the_module if {
	some finding in password_length.deny with input as guest([unix], {"minlen": example.written("14", conf, 1)})
	finding.msg == "passwd: no pam_pwquality.so runs, which would ask for a length"
}

test_passwdqc_is_unknown if {
	qc := example.rule("/etc/pam.d/common-password", 1, "requisite", "pam_passwdqc.so", [])
	some reason in password_length.unknown with input as guest([qc, unix], {})
	reason.msg == "pam_passwdqc.so judges passwords by rules of its own, which the facts do not hold"
	count(password_length.unknown) == 0 with input as guest([qc, quality([]), unix], {})
}

test_not_applicable if not password_length.applicable with input as absent
