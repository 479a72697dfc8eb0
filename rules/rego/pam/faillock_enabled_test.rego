package guestctl.pam.faillock_enabled_test

import data.guestctl.lib.pam_test as example
import data.guestctl.pam.faillock_enabled

preauth := example.rule("/etc/pam.d/common-auth", 1, "required", "pam_faillock.so", ["preauth"])

unix := example.rule("/etc/pam.d/common-auth", 2, "[success=1 default=ignore]", "pam_unix.so", [])

authfail := example.rule("/etc/pam.d/common-auth", 3, "[default=die]", "pam_faillock.so", ["authfail"])

account := example.rule("/etc/pam.d/common-account", 1, "required", "pam_faillock.so", [])

guest(auth, account_rules) := {"pam": {"services": {"login": example.service("login", {"auth": auth, "account": account_rules})}}}

pass := guest([preauth, unix, authfail], [account])

fail := guest([unix], [])

absent := guest([example.rule("/etc/pam.d/login", 1, "required", "pam_sss.so", [])], [])

test_pass if count(faillock_enabled.deny) == 0 with input as pass

test_fail if {
	found := faillock_enabled.deny with input as fail
	{finding.msg | some finding in found} == {
		"login: pam_faillock.so preauth does not run before pam_unix.so",
		"login: pam_faillock.so authfail does not run after pam_unix.so",
		"login: pam_faillock.so does not run in account",
	}
	every finding in found {
		finding.evidence == [{"path": "/etc/pam.d/common-auth", "line": 2}]
	}
}

test_order_matters if {
	found := faillock_enabled.deny with input as guest([authfail, unix, preauth], [account])
	count(found) == 2
}

test_rules_that_never_run_do_not_count if {
	dead := example.unreachable("/etc/pam.d/common-auth", 1, "required", "pam_faillock.so", ["preauth"])
	some finding in faillock_enabled.deny with input as guest([dead, unix, authfail], [account])
	finding.key == "pam_faillock.so preauth does not run before pam_unix.so"
}

test_every_service_must if {
	some finding in faillock_enabled.deny with input as {"pam": {"services": {
		"login": example.service("login", {"auth": [preauth, unix, authfail], "account": [account]}),
		"sshd": example.service("sshd", {"auth": [preauth, unix, authfail]}),
	}}}
	finding.msg == "sshd: pam_faillock.so does not run in account"
}

test_tally2_of_older_guests if {
	tally := example.rule("/etc/pam.d/common-auth", 1, "required", "pam_tally2.so", ["deny=5"])
	count(faillock_enabled.deny) == 0 with input as guest([tally, unix], [tally])
	count(faillock_enabled.deny) == 3 with input as guest([tally, unix], [])
}

test_not_applicable_without_local_passwords if {
	not faillock_enabled.applicable with input as absent
	faillock_enabled.applicable with input as pass
}
