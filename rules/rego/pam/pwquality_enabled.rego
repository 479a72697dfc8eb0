# METADATA
# title: New passwords are checked before they are taken
# description: >-
#   In every service that sets passwords, pam_pwquality.so or pam_passwdqc.so runs before pam_unix.so, its refusal counts, and the guest
#   has the module at all. A rule with the control "optional", or "enforcing = 0" in pwquality.conf, only warns.
# related_resources:
#   - https://man7.org/linux/man-pages/man8/pam_pwquality.8.html
# custom:
#   id: pam-pwquality-enabled
#   severity: medium
#   facts: [pam]
#   globs:
#     - /lib*/security/pam_pwquality.so
#     - /lib/*-linux-*/security/pam_pwquality.so
#     - /usr/lib*/security/pam_pwquality.so
#     - /usr/lib/*-linux-*/security/pam_pwquality.so
#     - /lib*/security/pam_passwdqc.so
#     - /lib/*-linux-*/security/pam_passwdqc.so
#     - /usr/lib*/security/pam_passwdqc.so
#     - /usr/lib/*-linux-*/security/pam_passwdqc.so
#   levels: [cis-l1]
#   controls:
#     ref: [GL-PAM-004]
#     ssg: [accounts_password_pam_pwquality_enabled]
#     cis_debian12: ["5.3.2.3"]
#     cis_ubuntu2204: ["5.3.2.3"]
#   params:
#     services: {type: array, default: [passwd, login, sshd, su], doc: services of PAM that may set a password}
#   remediation: apt install libpam-pwquality, which adds it to common-password; on RHEL it is part of every authselect profile.
package guestctl.pam.pwquality_enabled

import data.guestctl.lib
import data.guestctl.lib.pam
import data.guestctl.params

setters := pam.stacks(input.pam, params["pam-pwquality-enabled"].services, "password")

applicable if count(setters) > 0

skip_reason := "no service sets a password of this guest"

modules := ["pam_pwquality.so", "pam_passwdqc.so"]

deny contains pam.without(bare, "no pam_pwquality.so runs before pam_unix.so")

bare := {service: stack | some service, stack in setters; count(pam.ahead(stack, modules)) == 0}

deny contains finding if {
	some stack in setters
	rules := pam.ahead(stack, modules)
	every rule in rules {
		not pam.enforces(rule)
	}
	some rule in rules
	finding := {
		"msg": sprintf("%s is %s, which enforces nothing (%s)", [rule.module, rule.control, lib.origin(rule)]),
		"actual": sprintf("%s %s", [rule.control, rule.module]),
		"expected": sprintf("requisite %s", [rule.module]),
		"evidence": [rule.source],
		"key": sprintf("%s control", [rule.module]),
	}
}

deny contains finding if {
	some stack in setters
	some rule in pam.ahead(stack, modules)
	not installed(rule.module)
	finding := {
		"msg": sprintf("%s is not installed, which %s asks for", [rule.module, lib.origin(rule)]),
		"actual": sprintf("%s is not installed", [rule.module]),
		"expected": "the module",
		"evidence": [rule.source],
		"key": sprintf("%s file", [rule.module]),
	}
}

installed(module) if {
	some found in input.globs
	some path in found.paths
	endswith(path, concat("", ["/", module]))
}

deny contains finding if {
	v := input.pam.pwquality.enforcing
	v.value == "0"
	some stack in setters
	count(pam.ahead(stack, ["pam_pwquality.so"])) > 0
	finding := {
		"msg": sprintf("enforcing is 0, so that pam_pwquality.so only warns (%s)", [lib.origin(v)]),
		"actual": "enforcing 0",
		"expected": "enforcing 1",
		"evidence": lib.evidence(v),
		"key": "enforcing",
	}
}
