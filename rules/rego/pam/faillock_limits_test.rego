package guestctl.pam.faillock_limits_test

import data.guestctl.lib.pam_test as example
import data.guestctl.pam.faillock_limits

conf := "/etc/security/faillock.conf"

unix := example.rule("/etc/pam.d/common-auth", 2, "[success=1 default=ignore]", "pam_unix.so", [])

guest(rules, faillock) := {"pam": {"services": {"login": example.service("login", {"auth": array.concat(rules, [unix])})}, "faillock": faillock}}

preauth(args) := example.rule("/etc/pam.d/common-auth", 1, "required", "pam_faillock.so", array.concat(["preauth"], args))

settings(deny, unlock) := {"deny": example.written(deny, conf, 1), "unlock_time": example.written(unlock, conf, 2)}

defaults := {"deny": example.preset("3"), "unlock_time": example.preset("600")}

pass := guest([preauth([])], settings("5", "900"))

fail := guest([preauth([])], settings("10", "60"))

absent := {"pam": {"services": {"cron": example.service("cron", {"auth": [unix]})}, "faillock": defaults}}

test_pass if count(faillock_limits.deny) == 0 with input as pass

test_fail if {
	found := faillock_limits.deny with input as fail
	{finding.msg | some finding in found} == {
		"deny is 10, want 1 to 5 (/etc/security/faillock.conf line 1)",
		"unlock_time is 60, want 0 or at least 900 (/etc/security/faillock.conf line 2)",
	}
	some finding in found
	finding.evidence == [{"path": conf, "line": 1}]
}

test_rule_goes_before_file if {
	count(faillock_limits.deny) == 0 with input as guest([preauth(["deny=3", "unlock_time=0"])], settings("10", "60"))
	some finding in faillock_limits.deny with input as guest([preauth(["deny=99"])], settings("5", "900"))
	finding.msg == "deny is 99, want 1 to 5 (/etc/pam.d/common-auth line 1)"
}

test_defaults if {
	some finding in faillock_limits.deny with input as guest([preauth([])], defaults)
	finding.msg == "unlock_time is 600, want 0 or at least 900 (the default)"
}

test_zero_never_locks if count(faillock_limits.deny) == 1 with input as guest([preauth([])], settings("0", "900"))

test_never_unlocks if count(faillock_limits.deny) == 0 with input as guest([preauth([])], settings("5", "never"))

test_no_number if count(faillock_limits.deny) == 2 with input as guest([preauth([])], settings("five", "1h"))

test_unknown_without_settings if {
	some finding in faillock_limits.deny with input as guest([preauth([])], {})
	finding.msg == "nothing sets deny, want 1 to 5"
}

test_no_module_at_all if {
	some finding in faillock_limits.deny with input as guest([], settings("5", "900"))
	finding.key == "module"
}

test_another_file_is_unknown if {
	some reason in faillock_limits.unknown with input as guest([preauth(["conf=/etc/other.conf"])], settings("5", "900"))
	reason.msg == "pam_faillock.so reads /etc/other.conf, which the facts do not hold"
	count(faillock_limits.unknown) == 0 with input as pass
}

tally(args) := example.rule("/etc/pam.d/common-auth", 1, "required", "pam_tally2.so", args)

test_tally2 if {
	count(faillock_limits.deny) == 0 with input as guest([tally(["deny=5", "unlock_time=900"])], {})
	count(faillock_limits.deny) == 0 with input as guest([tally(["deny=5"])], {})
	count(faillock_limits.deny) == 1 with input as guest([tally([])], {})
}

test_not_applicable if not faillock_limits.applicable with input as absent
