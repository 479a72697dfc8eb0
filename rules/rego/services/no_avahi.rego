# METADATA
# title: The Avahi daemon does not start
# description: >-
#   Avahi tells the local network what services there are and takes the word of others for it, which a server needs for nothing.
#   Its socket starts it as well. A service that is installed and that neither boot nor a trigger starts is not in use.
# custom:
#   id: services-no-avahi
#   severity: medium
#   facts: [packages, units]
#   levels: [cis-l1]
#   controls:
#     ref: [GL-SVC-001]
#     ssg: [package_avahi_removed, service_avahi-daemon_disabled]
#     cis_debian12: ["2.1.2"]
#     cis_ubuntu2204: ["2.1.2"]
#     cis_rhel9: ["2.1.2"]
#     nist_800_53: ["CM-6(a)", "CM-7(a)", "CM-7(b)"]
#     pci_dss_4: ["2.2.4"]
#   params:
#     services: {type: array, default: [avahi-daemon], doc: names of services that may not start}
#   remediation: >-
#     Remove it with "apt purge avahi-daemon" or "dnf remove avahi", or run "systemctl mask --now avahi-daemon.service
#     avahi-daemon.socket".
package guestctl.services.no_avahi

import data.guestctl.lib.services
import data.guestctl.params

deny contains finding if some finding in services.in_use(input.units, input.packages, params["services-no-avahi"].services)
