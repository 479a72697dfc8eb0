# METADATA
# title: rpcbind does not start
# description: >-
#   rpcbind tells everybody which RPC services there are, and amplifies packets with false senders. Only NFS before version 4 and
#   NIS need it. Its socket starts it as well. A service that is installed and that neither boot nor a trigger starts is not in
#   use.
# custom:
#   id: services-no-rpcbind
#   severity: medium
#   facts: [packages, units]
#   levels: [cis-l1]
#   controls:
#     ref: [GL-SVC-003]
#     ssg: [package_rpcbind_removed, service_rpcbind_disabled]
#     cis_debian12: ["2.1.12"]
#     cis_ubuntu2204: ["2.1.12"]
#     cis_rhel9: ["2.1.12"]
#     pci_dss_4: ["2.2.4"]
#   params:
#     services: {type: array, default: [rpcbind, portmap], doc: names of services that may not start}
#   remediation: >-
#     Remove it with "apt purge rpcbind" or "dnf remove rpcbind", or run "systemctl mask --now rpcbind.service rpcbind.socket".
package guestctl.services.no_rpcbind

import data.guestctl.lib.services
import data.guestctl.params

deny contains finding if some finding in services.in_use(input.units, input.packages, params["services-no-rpcbind"].services)
