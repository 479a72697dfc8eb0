# METADATA
# title: No X server and no graphical login is installed
# description: >-
#   A server is managed over the network. A display server and a login screen are much code with high privileges that nobody there
#   needs. Packages whose installation was never finished count.
# custom:
#   id: packages-no-graphical-desktop
#   severity: low
#   facts: [packages]
#   levels: [cis-l2]
#   controls:
#     ref: [GL-PKG-006]
#     ssg: [package_xorg-x11-server-common_removed, package_gdm_removed]
#     cis_debian12: ["1.7.1", "2.1.20"]
#     cis_ubuntu2204: ["1.7.1", "2.1.20"]
#     cis_rhel9: ["1.8.1", "2.1.20"]
#     nist_800_53: ["CM-6(a)", "CM-7(a)", "CM-7(b)"]
#   params:
#     packages:
#       type: array
#       default:
#         [xserver-common, xserver-xorg, xserver-xorg-core, xorg-x11-server, xorg-x11-server-common, xorg-x11-server-Xorg,
#         xorg-server, gdm, gdm3, lightdm, sddm, xdm]
#       doc: names of packages that may not be installed
#     provides: {type: array, default: [xserver, x-display-manager], doc: names that no package may stand in for}
#   remediation: Remove the packages, as with "apt purge xserver-common gdm3" or "dnf remove xorg-x11-server-common gdm".
package guestctl.packages.no_graphical_desktop

import data.guestctl.lib.packages
import data.guestctl.params

wanted := params["packages-no-graphical-desktop"]

deny contains finding if some finding in packages.unwanted(input.packages, wanted.packages, wanted.provides)
