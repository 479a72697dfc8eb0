# METADATA
# title: The print spooler is disabled
# description: >-
#   A server that prints nothing has no use for it, and it has been the way in again and again.
# custom:
#   id: windows-print-spooler
#   severity: high
#   facts: [windows_services]
#   levels: [cis-l1]
#   controls:
#     ref: [GL-WIN-117]
#     cis_windows2022: ["5.1", "5.2"]
#   params:
#     wanted: {type: boolean, default: false, doc: whether the machine prints}
#   remediation: >-
#     Set-Service Spooler -StartupType Disabled, or set wanted = true under [params.windows-print-spooler] of a print server.
package guestctl.windows.print_spooler

import data.guestctl.lib.windows
import data.guestctl.params

applicable if not params["windows-print-spooler"].wanted

skip_reason := "it is wanted"

deny contains finding if some finding in windows.running(input.windows_services, ["spooler"])
