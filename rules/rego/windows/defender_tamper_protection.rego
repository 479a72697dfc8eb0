# METADATA
# title: Programs cannot turn Defender off
# description: >-
#   Without tamper protection the first thing malware does is to switch off what would find it.
# custom:
#   id: windows-defender-tamper-protection
#   severity: medium
#   facts: [windows_defender]
#   controls:
#     ref: [GL-WIN-114]
#   remediation: >-
#     Turn on tamper protection in Windows Security, or by the service that manages the machine.
package guestctl.windows.defender_tamper_protection

import data.guestctl.lib.windows

applicable if input.windows_defender.service != ""

skip_reason := "Microsoft Defender Antivirus is not installed"

deny contains finding if {
	some finding in windows.other(input.windows_defender.tamper_protection, {"name": "TamperProtection", "in": [5, 1]})
}
