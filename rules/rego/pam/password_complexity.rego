# METADATA
# title: New passwords are no variation, no pattern and no word
# description: >-
#   What pam_pwquality.so has in effect: a new password differs from the old one in at least two characters, repeats none more than three
#   times, has no longer sequence such as abcd, is looked up in a dictionary, and root is held to it as well. A rule's own options go
#   before pwquality.conf.
# related_resources:
#   - https://man7.org/linux/man-pages/man5/pwquality.conf.5.html
# custom:
#   id: pam-password-complexity
#   severity: medium
#   facts: [pam]
#   levels: [cis-l1]
#   controls:
#     ref: [GL-PAM-006]
#     ssg:
#       - accounts_password_pam_difok
#       - accounts_password_pam_maxrepeat
#       - accounts_password_pam_maxsequence
#       - accounts_password_pam_dictcheck
#       - accounts_password_pam_enforce_root
#     cis_debian12: ["5.3.3.2.1", "5.3.3.2.4", "5.3.3.2.5", "5.3.3.2.6", "5.3.3.2.8"]
#     cis_ubuntu2204: ["5.3.3.2.1", "5.3.3.2.4", "5.3.3.2.5", "5.3.3.2.6", "5.3.3.2.8"]
#     cis_rhel9: ["5.3.3.2.1", "5.3.3.2.4", "5.3.3.2.5", "5.3.3.2.6", "5.3.3.2.7"]
#     stig_ubuntu2204: [UBTU-22-611030, UBTU-22-611040]
#     stig_ubuntu2404: [UBTU-24-300014, UBTU-24-400290]
#     stig_rhel9: [RHEL-09-611060, RHEL-09-611105, RHEL-09-611115, RHEL-09-611125]
#     nist_800_53: ["CM-6(a)", "IA-5(1)(a)", "IA-5(1)(b)", "IA-5(4)", "IA-5(c)"]
#   params:
#     services: {type: array, default: [passwd, login, sshd, su], doc: services of PAM that may set a password}
#     difok: {type: number, default: 2, doc: characters that are not in the old password}
#     maxrepeat: {type: number, default: 3, doc: the same character in a row at most}
#     maxsequence: {type: number, default: 3, doc: the longest sequence of characters}
#   remediation: >-
#     apt install libpam-pwquality and write difok = 2, maxrepeat = 3, maxsequence = 3, dictcheck = 1 and enforce_for_root, one on each
#     line, into /etc/security/pwquality.conf.
package guestctl.pam.password_complexity

import data.guestctl.lib.pam
import data.guestctl.params

own := params["pam-password-complexity"]

setters := pam.stacks(input.pam, own.services, "password")

applicable if count(setters) > 0

skip_reason := "no service sets a password of this guest"

quality := ["pam_pwquality.so"]

rules := {rule |
	some stack in setters
	some rule in pam.running(stack, quality)
}

most := 999999

# wanted has the least and the most of each setting.
wanted := {
	"difok": [own.difok, most],
	"maxrepeat": [1, own.maxrepeat],
	"maxsequence": [1, own.maxsequence],
	"dictcheck": [1, most],
}

words := {
	"difok": sprintf("at least %d", [own.difok]),
	"maxrepeat": sprintf("1 to %d", [own.maxrepeat]),
	"maxsequence": sprintf("1 to %d", [own.maxsequence]),
	"dictcheck": "1",
}

unknown contains pam.judged_elsewhere(rule) if {
	some stack in bare
	some rule in pam.running(stack, ["pam_passwdqc.so"])
}

deny contains pam.without(bare, "no pam_pwquality.so runs, which would look at the password")

bare := {service: stack | some service, stack in setters; count(pam.running(stack, quality)) == 0}

deny contains pam.unmet(key, v, words[key]) if {
	some rule in rules
	some key, limits in wanted
	v := pam.option(rule, input.pam.pwquality, key)
	not pam.within(v, limits[0], limits[1])
}

deny contains pam.unmet("enforce_for_root", v, "to be there") if {
	some rule in rules
	v := pam.option(rule, input.pam.pwquality, "enforce_for_root")
	is_null(v.value)
}
