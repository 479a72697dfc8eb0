# METADATA
# title: The rsync daemon does not start
# description: >-
#   The daemon sends files over the network without encryption. rsync over ssh does not need it. The unit counts as started also
#   where it has a condition that /etc/rsyncd.conf exists, since writing that file is then enough. A service that is installed and
#   that neither boot nor a trigger starts is not in use.
# custom:
#   id: services-no-rsync-daemon
#   severity: medium
#   facts: [packages, units]
#   levels: [cis-l1]
#   controls:
#     ref: [GL-SVC-008]
#     ssg: [package_rsync_removed, service_rsyncd_disabled]
#     cis_debian12: ["2.1.13"]
#     cis_ubuntu2204: ["2.1.13"]
#     cis_rhel9: ["2.1.13"]
#     pci_dss_4: ["2.2.4"]
#   params:
#     services: {type: array, default: [rsync, rsyncd], doc: names of services that may not start}
#   remediation: >-
#     Run "systemctl mask --now rsync.service" (rsyncd.service and rsyncd.socket on RHEL), which leaves rsync itself usable.
package guestctl.services.no_rsync_daemon

import data.guestctl.lib.services
import data.guestctl.params

deny contains finding if some finding in services.in_use(input.units, input.packages, params["services-no-rsync-daemon"].services)
