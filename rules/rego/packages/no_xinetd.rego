# METADATA
# title: xinetd does not start
# description: >-
#   The extended super-server starts old services such as telnet and TFTP on demand, each easily forgotten. Where it is installed
#   and nothing starts it, it is not in use.
# custom:
#   id: packages-no-xinetd
#   severity: medium
#   facts: [packages, units]
#   levels: [cis-l1, anssi-minimal]
#   controls:
#     ref: [GL-PKG-005]
#     ssg: [package_xinetd_removed, service_xinetd_disabled]
#     cis_debian12: ["2.1.19"]
#     cis_ubuntu2204: ["2.1.19"]
#     anssi_bp28: [R62]
#     nist_800_53: ["CM-6(a)", "CM-7(a)", "CM-7(b)"]
#     pci_dss_4: ["2.2.4"]
#   params:
#     services: {type: array, default: [xinetd], doc: names of services that may not start}
#   remediation: >-
#     Remove it with "apt purge xinetd" or "dnf remove xinetd", or keep it from starting with "systemctl mask --now
#     xinetd.service".
package guestctl.packages.no_xinetd

import data.guestctl.lib.services
import data.guestctl.params

deny contains finding if some finding in services.in_use(input.units, input.packages, params["packages-no-xinetd"].services)
