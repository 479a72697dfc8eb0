# METADATA
# title: Failed logins are counted by pam_faillock
# description: >-
#   Only who counts failures can lock an account. pam_faillock.so must run in auth before pam_unix.so (preauth, which turns a locked
#   account away) and after it (authfail, which counts), and in account, where a success sets the count back. On older guests
#   pam_tally2.so in auth and account does the same.
# related_resources:
#   - https://man7.org/linux/man-pages/man8/pam_faillock.8.html
# custom:
#   id: pam-faillock-enabled
#   severity: medium
#   facts: [pam]
#   levels: [cis-l1]
#   controls:
#     ref: [GL-PAM-002]
#     ssg: [accounts_passwords_pam_faillock_enabled]
#     cis_debian12: ["5.3.2.2"]
#     cis_ubuntu2204: ["5.3.2.2"]
#   params:
#     services: {type: array, default: [login, sshd], doc: services of PAM that must count failures}
#   remediation: Enable faillock with pam-auth-update on Debian, or with "authselect enable-feature with-faillock" on RHEL.
package guestctl.pam.faillock_enabled

import data.guestctl.lib.pam
import data.guestctl.params

doors := pam.stacks(input.pam, params["pam-faillock-enabled"].services, "auth")

applicable if count(doors) > 0

skip_reason := "no service that lets people in asks for a password of this guest"

faillock := ["pam_faillock.so"]

tally := ["pam_tally2.so"]

deny contains pam.without(bare, "pam_faillock.so preauth does not run before pam_unix.so") if {
	bare := {service: stack | some service, stack in counting; not has(pam.ahead(stack, faillock), "preauth")}
}

deny contains pam.without(bare, "pam_faillock.so authfail does not run after pam_unix.so") if {
	bare := {service: stack | some service, stack in counting; not has(pam.behind(stack, faillock), "authfail")}
}

deny contains pam.without(bare, "pam_faillock.so does not run in account") if {
	bare := {service: stack |
		some service, stack in counting
		count(pam.running(input.pam.services[service].account, faillock)) == 0
	}
}

# counting are the services that must count with pam_faillock.so.
counting := {service: stack | some service, stack in doors; not tallied(stack, input.pam.services[service].account)}

has(rules, option) if {
	some rule in rules
	option in object.keys(rule.options)
}

tallied(stack, account) if {
	count(pam.ahead(stack, tally)) > 0
	count(pam.running(account, tally)) > 0
}
