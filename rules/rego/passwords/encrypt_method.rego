# METADATA
# title: login.defs hashes passwords by yescrypt or SHA-512
# description: >-
#   The tools that set passwords without PAM, and PAM where it has no option of its own, take the method from ENCRYPT_METHOD.
#   Where it is missing, or has another spelling than in capitals, the tools fall back to DES, which takes minutes to break.
# related_resources:
#   - https://man7.org/linux/man-pages/man5/login.defs.5.html
# custom:
#   id: passwords-encrypt-method
#   severity: medium
#   facts: [login_defs]
#   levels: [cis-l1]
#   controls:
#     ref: [GL-PWD-004]
#     ssg: [set_password_hashing_algorithm_logindefs]
#     cis_debian12: ["5.4.1.4"]
#     cis_ubuntu2204: ["5.4.1.4"]
#     cis_rhel9: ["5.4.1.4"]
#     stig_ubuntu2204: [UBTU-22-611070]
#     stig_ubuntu2404: [UBTU-24-400400]
#     stig_rhel9: [RHEL-09-611140]
#     nist_800_53: ["CM-6(a)", "IA-5(1)(c)", "IA-5(c)"]
#     pci_dss_4: ["8.3.2"]
#   params:
#     allowed: {type: array, default: [YESCRYPT, SHA512], doc: methods that are accepted}
#   remediation: Write "ENCRYPT_METHOD YESCRYPT" into /etc/login.defs (SHA512 on RHEL).
package guestctl.passwords.encrypt_method

import data.guestctl.lib
import data.guestctl.params

allowed := params["passwords-encrypt-method"].allowed

deny contains finding if {
	method := object.get(input.login_defs, "ENCRYPT_METHOD", {"value": "not set", "source": null})
	not method.value in allowed
	finding := {
		"msg": sprintf("ENCRYPT_METHOD is %s, want %s (%s)", [method.value, concat(" or ", allowed), lib.origin(method)]),
		"actual": method.value,
		"expected": concat(" or ", allowed),
		"evidence": lib.evidence(method),
	}
}
