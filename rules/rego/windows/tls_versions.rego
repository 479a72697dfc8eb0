# METADATA
# title: Old versions of TLS and SSL are off
# description: >-
#   TLS 1.0 and 1.1 have known holes, and Windows Server offers them until it is told not to. SSL 2.0 and 3.0 are off unless
#   somebody turned them on.
# custom:
#   id: windows-tls-versions
#   severity: high
#   facts: [windows_security]
#   controls:
#     ref: [GL-WIN-116]
#   remediation: >-
#     Set Enabled to 0 in the key Server of TLS 1.0 and of TLS 1.1 below SCHANNEL, after the clients that need them are gone.
package guestctl.windows.tls_versions

import data.guestctl.lib.windows

protocols := `HKLM\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL\Protocols`

# Whether a version is off where nobody says so.
versions := {"SSL 2.0": true, "SSL 3.0": true, "TLS 1.0": false, "TLS 1.1": false}

deny contains finding if {
	some version, off in versions
	value := object.get(input.windows_security.schannel, [version, "server", "enabled"], null)
	want := {"key": sprintf(`%s\%s\Server`, [protocols, version]), "name": "Enabled", "equals": 0, "unset": off}
	some found in windows.other(value, want)
	finding := object.union(found, {"key": version, "msg": sprintf("%s of the server: %s", [version, found.msg])})
}
