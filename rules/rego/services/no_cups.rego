# METADATA
# title: The print server does not start
# description: >-
#   A machine that prints nothing has no use for CUPS, which listens on the network and parses what it is sent. Its socket, its
#   path unit and its browser for printers count too. A service that is installed and that neither boot nor a trigger starts is
#   not in use.
# custom:
#   id: services-no-cups
#   severity: medium
#   facts: [packages, units]
#   levels: [cis-l1]
#   controls:
#     ref: [GL-SVC-002]
#     ssg: [package_cups_removed, service_cups_disabled]
#     cis_debian12: ["2.1.11"]
#     cis_ubuntu2204: ["2.1.11"]
#     cis_rhel9: ["2.1.11"]
#     nist_800_53: ["CM-6(a)", "CM-7(a)", "CM-7(b)"]
#   params:
#     services: {type: array, default: [cups, cupsd, cups-browsed], doc: names of services that may not start}
#   remediation: >-
#     Remove it with "apt purge cups cups-browsed" or "dnf remove cups", or run "systemctl mask --now cups.service cups.socket
#     cups.path".
package guestctl.services.no_cups

import data.guestctl.lib.services
import data.guestctl.params

deny contains finding if some finding in services.in_use(input.units, input.packages, params["services-no-cups"].services)
