# METADATA
# title: No telnet client or server is installed
# description: >-
#   Telnet sends passwords and all that follows over the network in the clear, and a client that is there gets used. Packages that
#   stand in for telnet count, and so do those whose installation was never finished.
# custom:
#   id: packages-no-telnet
#   severity: high
#   facts: [packages]
#   levels: [cis-l1, anssi-minimal]
#   controls:
#     ref: [GL-PKG-001]
#     ssg: [package_telnet_removed, package_inetutils-telnet_removed]
#     cis_debian12: ["2.2.4"]
#     cis_ubuntu2204: ["2.2.4"]
#     cis_rhel9: ["2.2.4"]
#     anssi_bp28: [R62]
#     pci_dss_4: ["2.2.4"]
#   params:
#     packages:
#       type: array
#       default:
#         [telnet, telnetd, telnet-ssl, telnetd-ssl, telnet-server, inetutils, inetutils-telnet, inetutils-telnetd,
#         busybox-extras]
#       doc: names of packages that may not be installed
#     provides:
#       type: array
#       default: [telnet, telnetd, telnet-client, telnet-server]
#       doc: names that no package may stand in for
#   remediation: Use ssh, and remove the package, as with "apt purge telnet inetutils-telnet" or "dnf remove telnet".
package guestctl.packages.no_telnet

import data.guestctl.lib.packages
import data.guestctl.params

wanted := params["packages-no-telnet"]

deny contains finding if some finding in packages.unwanted(input.packages, wanted.packages, wanted.provides)
