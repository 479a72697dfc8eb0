# METADATA
# title: No answer file and no policy holds a password
# description: >-
#   Setup leaves its answers on the disk, where every user of the machine may read them. The key of passwords in group policy
#   preferences is published.
# custom:
#   id: windows-passwords-in-files
#   severity: critical
#   facts: [windows_secrets]
#   controls:
#     ref: [GL-WIN-111]
#   remediation: >-
#     Delete the file, and change the password that was in it.
package guestctl.windows.passwords_in_files

kinds := {
	"answer-file": "an answer file of setup",
	"group-policy": "a preference of group policy",
	"vnc": "VNC",
	"putty-proxy": "PuTTY",
	"snmp-community": "SNMP",
}

deny contains finding if {
	some secret in input.windows_secrets.found
	where := kinds[secret.kind]
	finding := {
		"key": sprintf("%s %s", [secret.source.path, secret.name]),
		"msg": sprintf("%s holds a secret: %s", [where, secret.name]),
		"actual": secret.name,
		"expected": "no secret",
		"evidence": [secret.source],
	}
}
