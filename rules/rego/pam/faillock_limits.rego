# METADATA
# title: A few failed logins lock an account for a while
# description: >-
#   With pam_faillock.so, an account is locked after at most five failures, and for at least a quarter of an hour; an unlock_time of 0
#   locks until an administrator helps. What a rule says goes before faillock.conf, and both before the module's own defaults.
# related_resources:
#   - https://man7.org/linux/man-pages/man5/faillock.conf.5.html
# custom:
#   id: pam-faillock-limits
#   severity: medium
#   facts: [pam]
#   levels: [cis-l1, anssi-minimal]
#   controls:
#     ref: [GL-PAM-003]
#     ssg: [accounts_passwords_pam_faillock_deny, accounts_passwords_pam_faillock_unlock_time]
#     cis_debian12: ["5.3.3.1.1", "5.3.3.1.2"]
#     cis_ubuntu2204: ["5.3.3.1.1", "5.3.3.1.2"]
#     cis_rhel9: ["5.3.3.1.1", "5.3.3.1.2"]
#     anssi_bp28: [R31]
#     stig_ubuntu2204: [UBTU-22-411045]
#     stig_ubuntu2404: [UBTU-24-200610]
#     stig_rhel9: [RHEL-09-411075, RHEL-09-411090]
#     nist_800_53: ["AC-7(a)", "AC-7(b)", "CM-6(a)"]
#     pci_dss_4: ["8.3.4"]
#   params:
#     services: {type: array, default: [login, sshd], doc: services of PAM that are judged}
#     max_deny: {type: number, default: 5, doc: the most failures before an account is locked}
#     min_unlock_time: {type: number, default: 900, doc: seconds for which it is locked at least}
#   remediation: Set deny = 5 and unlock_time = 900 in /etc/security/faillock.conf.
package guestctl.pam.faillock_limits

import data.guestctl.lib.pam
import data.guestctl.params

own := params["pam-faillock-limits"]

doors := pam.stacks(input.pam, own.services, "auth")

applicable if count(doors) > 0

skip_reason := "no service that lets people in asks for a password of this guest"

rules := {rule |
	some stack in doors
	some rule in pam.running(stack, ["pam_faillock.so", "pam_tally2.so"])
}

# conf of a rule that reads another file than the one the facts have.
unknown contains {"msg": sprintf("pam_faillock.so reads %s, which the facts do not hold", [rule.options.conf]), "evidence": [rule.source]} if {
	some rule in rules
	rule.options.conf != "/etc/security/faillock.conf"
}

deny contains {
	"msg": "pam_faillock.so runs in no service that lets people in: nothing locks an account",
	"actual": "nothing counts failures",
	"expected": "pam_faillock.so",
	"evidence": [],
	"key": "module",
} if {
	count(rules) == 0
}

deny contains pam.unmet("deny", v, sprintf("1 to %d", [own.max_deny])) if {
	some rule in rules
	v := pam.option(rule, settings(rule), "deny")
	not pam.within(v, 1, own.max_deny)
}

deny contains pam.unmet("unlock_time", v, sprintf("0 or at least %d", [own.min_unlock_time])) if {
	some rule in rules
	v := pam.option(rule, settings(rule), "unlock_time")
	not long(v)
}

long(v) if v.value in {"0", "never"}

long(v) if pam.within(v, own.min_unlock_time, 999999999)

settings(rule) := input.pam.faillock if rule.module == "pam_faillock.so"

# pam_tally2.so has no file: it locks for good where a rule says nothing, and never without deny.
settings(rule) := {"deny": {"value": "0", "source": null}, "unlock_time": {"value": "0", "source": null}} if rule.module == "pam_tally2.so"
