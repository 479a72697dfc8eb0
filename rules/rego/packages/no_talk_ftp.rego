# METADATA
# title: No client of talk or FTP is installed
# description: >-
#   FTP shows passwords and files to everybody on the network, and talk opens a door that nobody watches. sftp, scp and curl do
#   the same work safely. Packages that stand in for ftp or talk count, and so do those whose installation was never finished.
# custom:
#   id: packages-no-talk-ftp
#   severity: medium
#   facts: [packages]
#   levels: [cis-l1, anssi-minimal]
#   controls:
#     ref: [GL-PKG-003]
#     ssg: [package_talk_removed, package_ftp_removed, package_tnftp_removed]
#     cis_debian12: ["2.2.3", "2.2.6"]
#     cis_ubuntu2204: ["2.2.3", "2.2.6"]
#     cis_rhel9: ["2.2.1"]
#     anssi_bp28: [R62]
#     pci_dss_4: ["2.2.4"]
#   params:
#     packages:
#       type: array
#       default:
#         [talk, talkd, talk-server, ytalk, inetutils, inetutils-talk, inetutils-talkd, ftp, ftp-ssl, tnftp, inetutils-ftp,
#         lukemftp]
#       doc: names of packages that may not be installed
#     provides: {type: array, default: [ftp, talk], doc: names that no package may stand in for}
#   remediation: Remove the package, as with "apt purge ftp tnftp talk" or "dnf remove ftp talk".
package guestctl.packages.no_talk_ftp

import data.guestctl.lib.packages
import data.guestctl.params

wanted := params["packages-no-talk-ftp"]

deny contains finding if some finding in packages.unwanted(input.packages, wanted.packages, wanted.provides)
