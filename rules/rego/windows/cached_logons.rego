# METADATA
# title: Few logons are kept for times without a domain controller
# description: >-
#   Each logon that is kept is a hash that can be guessed at on a stolen disk.
# custom:
#   id: windows-cached-logons
#   severity: medium
#   facts: [windows_security]
#   levels: [cis-l2]
#   controls:
#     ref: [GL-WIN-016]
#     cis_windows2022: ["2.3.7.6"]
#   params:
#     most: {type: number, default: 4, doc: how many may be kept}
#   remediation: >-
#     Set "Interactive logon: Number of previous logons to cache" to 4 or fewer.
package guestctl.windows.cached_logons

import data.guestctl.lib.windows
import data.guestctl.params

deny contains finding if some finding in windows.other(input.windows_security.logon.cached_logons_count, {"name": "CachedLogonsCount", "max": params["windows-cached-logons"].most})
