# METADATA
# title: The NFS server does not start
# description: >-
#   A server of files that believes the user numbers which its clients send belongs on machines that are meant for it. The client
#   side of NFS is not judged. A service that is installed and that neither boot nor a trigger starts is not in use.
# custom:
#   id: services-no-nfs-server
#   severity: medium
#   facts: [packages, units]
#   levels: [cis-l1]
#   controls:
#     ref: [GL-SVC-004]
#     ssg: [package_nfs-kernel-server_removed, service_nfs_disabled]
#     cis_debian12: ["2.1.9"]
#     cis_ubuntu2204: ["2.1.9"]
#     cis_rhel9: ["2.1.9"]
#     stig_ubuntu2204: [UBTU-22-215040]
#     stig_ubuntu2404: [UBTU-24-100050]
#     nist_800_53: ["CM-6(a)", "CM-7(a)", "CM-7(b)"]
#   params:
#     services:
#       type: array
#       default: [nfs-server, nfs-kernel-server, nfsserver, nfs, nfs-ganesha]
#       doc: names of services that may not start
#   remediation: Remove it with "apt purge nfs-kernel-server", or run "systemctl mask --now nfs-server.service".
package guestctl.services.no_nfs_server

import data.guestctl.lib.services
import data.guestctl.params

deny contains finding if some finding in services.in_use(input.units, input.packages, params["services-no-nfs-server"].services)
