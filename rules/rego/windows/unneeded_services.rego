# METADATA
# title: Services of old protocols are not installed
# description: >-
#   They send passwords in the clear or answer whoever asks, and are seldom there on purpose.
# custom:
#   id: windows-unneeded-services
#   severity: medium
#   facts: [windows_services]
#   controls:
#     ref: [GL-WIN-119]
#   params:
#     services: {type: array, default: [tlntsvr, ftpsvc, msftpsvc, simptcp, snmp, lpdsvc, sharedaccess, upnphost, ssdpsrv, fax, xblauthmanager, xblgamesave], doc: names of services in lower case}
#   remediation: >-
#     Uninstall-WindowsFeature of what brings them, or sc.exe config NAME start= disabled
package guestctl.windows.unneeded_services

import data.guestctl.lib.windows
import data.guestctl.params

deny contains finding if some finding in windows.running(input.windows_services, params["windows-unneeded-services"].services)
