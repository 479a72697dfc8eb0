# METADATA
# title: New passwords have at least 14 characters
# description: >-
#   The length is what makes a password hard to guess. It is the minlen that pam_pwquality.so has in effect: a rule's own goes before
#   pwquality.conf, and that before its drop-ins. Credits, which let classes of characters stand for length, are not counted.
# related_resources:
#   - https://man7.org/linux/man-pages/man5/pwquality.conf.5.html
# custom:
#   id: pam-password-length
#   severity: medium
#   facts: [pam]
#   levels: [cis-l1, anssi-minimal]
#   controls:
#     ref: [GL-PAM-005]
#     ssg: [accounts_password_pam_minlen]
#     cis_debian12: ["5.3.3.2.2"]
#     cis_ubuntu2204: ["5.3.3.2.2"]
#     cis_rhel9: ["5.3.3.2.2"]
#     anssi_bp28: [R31, R68]
#     stig_ubuntu2204: [UBTU-22-611035]
#     stig_ubuntu2404: [UBTU-24-400320]
#     stig_rhel9: [RHEL-09-611090]
#     nist_800_53: ["CM-6(a)", "IA-5(1)(a)", "IA-5(4)", "IA-5(c)"]
#     pci_dss_4: ["8.3.6"]
#   params:
#     services: {type: array, default: [passwd, login, sshd, su], doc: services of PAM that may set a password}
#     minlen: {type: number, default: 14, doc: characters that a password has at least}
#   remediation: apt install libpam-pwquality and set minlen = 14 in /etc/security/pwquality.conf.
package guestctl.pam.password_length

import data.guestctl.lib.pam
import data.guestctl.params

own := params["pam-password-length"]

setters := pam.stacks(input.pam, own.services, "password")

applicable if count(setters) > 0

skip_reason := "no service sets a password of this guest"

quality := ["pam_pwquality.so"]

unknown contains pam.judged_elsewhere(rule) if {
	some stack in bare
	some rule in pam.running(stack, ["pam_passwdqc.so"])
}

deny contains pam.without(bare, "no pam_pwquality.so runs, which would ask for a length")

bare := {service: stack | some service, stack in setters; count(pam.running(stack, quality)) == 0}

deny contains pam.unmet("minlen", v, sprintf("at least %d", [own.minlen])) if {
	some stack in setters
	some rule in pam.running(stack, quality)
	v := pam.option(rule, input.pam.pwquality, "minlen")
	not pam.within(v, own.minlen, 999999)
}
