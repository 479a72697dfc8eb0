# METADATA
# title: The automounter and Bluetooth do not start
# description: >-
#   autofs mounts media that somebody plugs in, with what is on them, and Bluetooth is a radio network into a server. A service
#   that is installed and that neither boot nor a trigger starts is not in use.
# custom:
#   id: services-no-autofs-bluetooth
#   severity: low
#   facts: [packages, units]
#   levels: [cis-l1]
#   controls:
#     ref: [GL-SVC-009]
#     ssg: [package_autofs_removed, service_autofs_disabled, service_bluetooth_disabled]
#     cis_debian12: ["2.1.1", "3.1.3"]
#     cis_ubuntu2204: ["2.1.1", "3.1.3"]
#     cis_rhel9: ["2.1.1", "3.1.3"]
#     stig_rhel9: [RHEL-09-231040]
#     nist_800_53: ["AC-18(3)", "AC-18(a)", "CM-6(a)", "CM-7(a)", "CM-7(b)", MP-7]
#   params:
#     services: {type: array, default: [autofs, bluetooth], doc: names of services that may not start}
#   remediation: >-
#     Remove them with "apt purge autofs bluez" or "dnf remove autofs bluez", or run "systemctl mask --now autofs.service
#     bluetooth.service".
package guestctl.services.no_autofs_bluetooth

import data.guestctl.lib.services
import data.guestctl.params

deny contains finding if some finding in services.in_use(input.units, input.packages, params["services-no-autofs-bluetooth"].services)
