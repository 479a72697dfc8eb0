# METADATA
# title: Old passwords are not taken again
# description: >-
#   pam_pwhistory.so runs before pam_unix.so in every service that sets passwords, a refusal of it counts, it remembers at least 24
#   passwords, and with use_authtok it judges the very password that the modules before it have taken. How many it remembers is said by
#   its rule, else by pwhistory.conf.
# related_resources:
#   - https://man7.org/linux/man-pages/man8/pam_pwhistory.8.html
# custom:
#   id: pam-password-history
#   severity: medium
#   facts: [pam]
#   levels: [cis-l1]
#   controls:
#     ref: [GL-PAM-007]
#     ssg: [accounts_password_pam_pwhistory_enabled, accounts_password_pam_pwhistory_remember, accounts_password_pam_pwhistory_use_authtok]
#     cis_debian12: ["5.3.2.4", "5.3.3.3.1", "5.3.3.3.3"]
#     cis_ubuntu2204: ["5.3.2.4", "5.3.3.3.1", "5.3.3.3.3"]
#   params:
#     services: {type: array, default: [passwd, login, sshd, su], doc: services of PAM that may set a password}
#     remember: {type: number, default: 24, doc: old passwords that are remembered}
#   remediation: Add "password requisite pam_pwhistory.so remember=24 enforce_for_root try_first_pass use_authtok" before pam_unix.so.
package guestctl.pam.password_history

import data.guestctl.lib
import data.guestctl.lib.pam
import data.guestctl.params

own := params["pam-password-history"]

setters := pam.stacks(input.pam, own.services, "password")

applicable if count(setters) > 0

skip_reason := "no service sets a password of this guest"

history := ["pam_pwhistory.so"]

rules := {rule |
	some stack in setters
	some rule in pam.ahead(stack, history)
}

unknown contains {"msg": sprintf("pam_pwhistory.so reads %s, which the facts do not hold", [rule.options.conf]), "evidence": [rule.source]} if {
	some rule in rules
	rule.options.conf != "/etc/security/pwhistory.conf"
}

deny contains pam.without(bare, "no pam_pwhistory.so runs before pam_unix.so")

bare := {service: stack | some service, stack in setters; count(pam.ahead(stack, history)) == 0}

deny contains finding if {
	some rule in rules
	not pam.enforces(rule)
	finding := {
		"msg": sprintf("pam_pwhistory.so is %s, which enforces nothing (%s)", [rule.control, lib.origin(rule)]),
		"actual": sprintf("%s pam_pwhistory.so", [rule.control]),
		"expected": "requisite pam_pwhistory.so",
		"evidence": [rule.source],
		"key": "control",
	}
}

deny contains pam.unmet("remember", v, sprintf("at least %d", [own.remember])) if {
	some rule in rules
	v := pam.option(rule, input.pam.pwhistory, "remember")
	not pam.within(v, own.remember, 999999)
}

deny contains finding if {
	some rule in rules
	not "use_authtok" in object.keys(rule.options)
	finding := {
		"msg": sprintf("pam_pwhistory.so has no use_authtok (%s)", [lib.origin(rule)]),
		"actual": "no use_authtok",
		"expected": "use_authtok",
		"evidence": [rule.source],
		"key": "use_authtok",
	}
}
