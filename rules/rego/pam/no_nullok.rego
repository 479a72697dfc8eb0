# METADATA
# title: PAM lets nobody in with an empty password
# description: >-
#   With the option nullok, pam_unix.so takes an account without a password as proved. Every rule of it that can run counts, in all stacks
#   of the services that let people in; on Debian the files common-* are judged too, since all other services include them.
# related_resources:
#   - https://man7.org/linux/man-pages/man8/pam_unix.8.html
# custom:
#   id: pam-no-nullok
#   severity: high
#   facts: [pam]
#   levels: [cis-l1]
#   controls:
#     ref: [GL-PAM-001]
#     ssg: [no_empty_passwords_unix]
#     cis_debian12: ["5.3.3.4.1"]
#     cis_ubuntu2204: ["5.3.3.4.1"]
#   params:
#     services:
#       type: array
#       default:
#         [login, sshd, su, su-l, sudo, sudo-i, gdm-password, lightdm, sddm, common-auth, common-account, common-password, common-session, system-auth, password-auth]
#       doc: services of PAM that are judged
#   remediation: Remove nullok from the rules of pam_unix.so, on Debian in /usr/share/pam-configs/unix and then with pam-auth-update.
package guestctl.pam.no_nullok

import data.guestctl.lib
import data.guestctl.lib.pam
import data.guestctl.params

deny contains finding if {
	some service in params["pam-no-nullok"].services
	some kind in ["auth", "account", "password", "session"]
	some rule in pam.running(input.pam.services[service][kind], ["pam_unix.so"])
	some option in ["nullok", "nullok_secure"]
	option in object.keys(rule.options)
	finding := {
		"msg": sprintf("pam_unix.so in %s has %s (%s)", [kind, option, lib.origin(rule)]),
		"actual": sprintf("%s pam_unix.so %s", [kind, option]),
		"expected": "pam_unix.so without nullok",
		"evidence": [rule.source],
		"key": sprintf("%s %s", [rule.source.path, kind]),
	}
}
