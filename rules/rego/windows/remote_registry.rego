# METADATA
# title: The registry is not open to the network
# description: >-
#   The service lets who has the rights read and change the registry of the machine from afar.
# custom:
#   id: windows-remote-registry
#   severity: medium
#   facts: [windows_services]
#   controls:
#     ref: [GL-WIN-118]
#   params:
#     wanted: {type: boolean, default: false, doc: whether the registry is looked after from afar}
#   remediation: >-
#     Set-Service RemoteRegistry -StartupType Disabled
package guestctl.windows.remote_registry

import data.guestctl.lib.windows
import data.guestctl.params

applicable if not params["windows-remote-registry"].wanted

skip_reason := "it is wanted"

deny contains finding if some finding in windows.running(input.windows_services, ["remoteregistry"])
