# METADATA
# title: New passwords are hashed with yescrypt or SHA-512
# description: >-
#   Who gets hold of /etc/shadow guesses as fast as the hash lets him. The last method among the options of pam_unix.so decides; a rule
#   without one takes ENCRYPT_METHOD of login.defs.
# related_resources:
#   - https://man7.org/linux/man-pages/man8/pam_unix.8.html
# custom:
#   id: pam-password-hashing
#   severity: medium
#   facts: [pam, login_defs]
#   may_be_absent: [login_defs]
#   levels: [cis-l1, anssi-minimal]
#   controls:
#     ref: [GL-PAM-008]
#     ssg: [set_password_hashing_algorithm_systemauth]
#     cis_debian12: ["5.3.3.4.3"]
#     cis_ubuntu2204: ["5.3.3.4.3"]
#     cis_rhel9: ["5.3.3.4.3"]
#     anssi_bp28: [R68]
#     nist_800_53: ["CM-6(a)", "IA-5(1)(c)", "IA-5(c)"]
#     pci_dss_4: ["8.3.2"]
#   params:
#     services: {type: array, default: [passwd, login, sshd, su, chpasswd], doc: services of PAM that may set a password}
#     allowed: {type: array, default: [yescrypt, sha512], doc: methods that are accepted}
#   remediation: Write yescrypt behind pam_unix.so in /etc/pam.d/common-password, or sha512 in system-auth and password-auth.
package guestctl.pam.password_hashing

import data.guestctl.lib
import data.guestctl.lib.pam
import data.guestctl.params

own := params["pam-password-hashing"]

setters := pam.stacks(input.pam, own.services, "password")

applicable if count(setters) > 0

skip_reason := "no service sets a password of this guest"

methods := {"md5", "bigcrypt", "sha256", "sha512", "blowfish", "gost_yescrypt", "yescrypt"}

deny contains finding if {
	some stack in setters
	some rule in pam.running(stack, ["pam_unix.so"])
	used := method(rule)
	not used.value in own.allowed
	finding := {
		"msg": sprintf("pam_unix.so hashes with %s, want %s (%s)", [used.value, concat(" or ", own.allowed), used.origin]),
		"actual": used.value,
		"expected": concat(" or ", own.allowed),
		"evidence": array.concat([rule.source], used.evidence),
		"key": rule.source.path,
	}
}

method(rule) := {"value": named[count(named) - 1], "origin": lib.origin(rule), "evidence": []} if {
	named := [lower(arg) | some arg in rule.args; lower(arg) in methods]
	count(named) > 0
} else := {"value": lower(v.value), "origin": lib.origin(v), "evidence": lib.evidence(v)} if {
	v := input.login_defs.ENCRYPT_METHOD
} else := {"value": "des", "origin": "nothing says otherwise", "evidence": []}
