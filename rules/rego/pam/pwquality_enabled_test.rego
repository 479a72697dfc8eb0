package guestctl.pam.pwquality_enabled_test

import data.guestctl.lib.pam_test as example
import data.guestctl.pam.pwquality_enabled

unix := example.rule("/etc/pam.d/common-password", 3, "[success=1 default=ignore]", "pam_unix.so", ["yescrypt"])

quality(control) := example.rule("/etc/pam.d/common-password", 1, control, "pam_pwquality.so", ["retry=3"])

guest(rules, enforcing, modules) := {
	"pam": {"services": {"passwd": example.service("passwd", {"password": rules})}, "pwquality": {"enforcing": enforcing}},
	"globs": {
		"/lib*/security/pam_pwquality.so": {"paths": [], "files": []},
		"/usr/lib/*-linux-*/security/pam_pwquality.so": {"paths": modules, "files": []},
	},
}

file := ["/usr/lib/x86_64-linux-gnu/security/pam_pwquality.so"]

pass := guest([quality("requisite"), unix], example.preset("1"), file)

fail := guest([unix], example.preset("1"), [])

absent := guest([example.rule("/etc/pam.d/passwd", 1, "required", "pam_sss.so", [])], example.preset("1"), [])

test_pass if count(pwquality_enabled.deny) == 0 with input as pass

test_fail if {
	some finding in pwquality_enabled.deny with input as fail
	finding.msg == "passwd: no pam_pwquality.so runs before pam_unix.so"
	finding.evidence == [{"path": "/etc/pam.d/common-password", "line": 3}]
}

test_optional_enforces_nothing if {
	some finding in pwquality_enabled.deny with input as guest([quality("optional"), unix], example.preset("1"), file)
	finding.msg == "pam_pwquality.so is optional, which enforces nothing (/etc/pam.d/common-password line 1)"
}

test_behind_pam_unix_is_too_late if {
	count(pwquality_enabled.deny) == 1 with input as guest([unix, quality("requisite")], example.preset("1"), file)
}

test_never_run if {
	dead := example.unreachable("/etc/pam.d/common-password", 1, "requisite", "pam_pwquality.so", [])
	count(pwquality_enabled.deny) == 1 with input as guest([dead, unix], example.preset("1"), file)
}

test_module_that_is_not_there if {
	some finding in pwquality_enabled.deny with input as guest([quality("requisite"), unix], example.preset("1"), [])
	finding.msg == "pam_pwquality.so is not installed, which /etc/pam.d/common-password line 1 asks for"
}

test_enforcing_off if {
	off := example.written("0", "/etc/security/pwquality.conf", 4)
	some finding in pwquality_enabled.deny with input as guest([quality("requisite"), unix], off, file)
	finding.msg == "enforcing is 0, so that pam_pwquality.so only warns (/etc/security/pwquality.conf line 4)"
}

test_passwdqc_will_do if {
	qc := example.rule("/etc/pam.d/common-password", 1, "requisite", "pam_passwdqc.so", [])
	count(pwquality_enabled.deny) == 0 with input as guest([qc, unix], example.preset("0"), ["/lib/security/pam_passwdqc.so"])
	count(pwquality_enabled.deny) == 1 with input as guest([qc, unix], example.preset("0"), file)
}

test_not_applicable if not pwquality_enabled.applicable with input as absent
