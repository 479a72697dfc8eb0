# METADATA
# title: A session that nobody uses is locked
# description: >-
#   Whoever comes by an open session has the rights of the one who left it.
# custom:
#   id: windows-inactivity-lock
#   severity: medium
#   facts: [windows_security]
#   levels: [cis-l1]
#   controls:
#     ref: [GL-WIN-015]
#     cis_windows2022: ["2.3.7.3"]
#   params:
#     seconds: {type: number, default: 900, doc: after which a session is locked at the latest}
#   remediation: >-
#     Set "Interactive logon: Machine inactivity limit" to 900 seconds or fewer, and not to 0.
package guestctl.windows.inactivity_lock

import data.guestctl.lib.windows
import data.guestctl.params

deny contains finding if some finding in windows.other(input.windows_security.logon.inactivity_timeout_secs, {"key": windows.system_policies, "name": "InactivityTimeoutSecs", "min": 1, "max": params["windows-inactivity-lock"].seconds})
