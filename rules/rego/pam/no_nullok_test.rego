package guestctl.pam.no_nullok_test

import data.guestctl.lib.pam_test as example
import data.guestctl.pam.no_nullok

with_rule(service, kind, rule) := {"pam": {"services": {service: example.service(service, {kind: [rule]})}, "pwquality": {}, "faillock": {}, "pwhistory": {}}}

unix(args) := example.rule("/etc/pam.d/common-auth", 17, "[success=1 default=ignore]", "pam_unix.so", args)

pass := with_rule("login", "auth", example.unreachable("/etc/pam.d/common-auth", 17, "[success=1 default=ignore]", "pam_unix.so", ["nullok"]))

fail := with_rule("login", "auth", unix(["try_first_pass", "nullok"]))

test_pass if count(no_nullok.deny) == 0 with input as pass

test_fail if {
	some finding in no_nullok.deny with input as fail
	finding.msg == "pam_unix.so in auth has nullok (/etc/pam.d/common-auth line 17)"
	finding.evidence == [{"path": "/etc/pam.d/common-auth", "line": 17}]
}

test_without_the_option if count(no_nullok.deny) == 0 with input as with_rule("login", "auth", unix(["try_first_pass"]))

test_nullok_secure_fails if count(no_nullok.deny) == 1 with input as with_rule("su", "password", unix(["nullok_secure"]))

test_other_modules_may if {
	count(no_nullok.deny) == 0 with input as with_rule("login", "auth", example.rule("/etc/pam.d/login", 1, "required", "pam_other.so", ["nullok"]))
}

test_the_same_line_in_two_services_is_one_finding if {
	count(no_nullok.deny) == 1 with input as {"pam": {"services": {
		"login": example.service("login", {"auth": [unix(["nullok"])]}),
		"sshd": example.service("sshd", {"auth": [unix(["nullok"])]}),
	}}}
}

test_a_file_that_others_include_counts if count(no_nullok.deny) == 1 with input as with_rule("common-auth", "auth", unix(["nullok"]))

test_services_that_are_not_named_do_not if count(no_nullok.deny) == 0 with input as with_rule("cron", "auth", unix(["nullok"]))
