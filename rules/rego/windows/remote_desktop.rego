# METADATA
# title: Remote desktop is off
# description: >-
#   A port that gives a whole desktop is what passwords are tried at. Where it is how a machine is looked after, set the
#   parameter.
# custom:
#   id: windows-remote-desktop
#   severity: medium
#   facts: [windows_remote]
#   controls:
#     ref: [GL-WIN-109]
#   params:
#     wanted: {type: boolean, default: false, doc: whether remote desktop is how the machine is looked after}
#   remediation: >-
#     reg add "HKLM\SYSTEM\CurrentControlSet\Control\Terminal Server" /v fDenyTSConnections /t REG_DWORD /d 1 /f, or set wanted
#     = true under [params.windows-remote-desktop].
package guestctl.windows.remote_desktop

import data.guestctl.lib.windows
import data.guestctl.params

applicable if not params["windows-remote-desktop"].wanted

skip_reason := "remote desktop is wanted"

deny contains finding if some finding in windows.other(input.windows_remote.rdp.enabled, {"name": "remote desktop", "equals": false})
