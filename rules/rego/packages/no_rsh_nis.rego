# METADATA
# title: No client of rsh and no part of NIS is installed
# description: >-
#   The r-commands trust the name of a host that anybody on the network can claim, and NIS hands the hashes of passwords to
#   whoever asks. ssh and LDAP or Kerberos have long taken their place. Packages whose installation was never finished count.
# custom:
#   id: packages-no-rsh-nis
#   severity: high
#   facts: [packages]
#   levels: [cis-l1, anssi-minimal]
#   controls:
#     ref: [GL-PKG-002]
#     ssg: [package_rsh_removed, package_nis_removed, package_ypserv_removed]
#     cis_debian12: ["2.1.10", "2.2.1", "2.2.2"]
#     cis_ubuntu2204: ["2.1.10", "2.2.1", "2.2.2"]
#     anssi_bp28: [R62]
#     nist_800_53: ["CM-6(a)", "CM-7(a)", "CM-7(b)", "IA-5(1)(c)"]
#     pci_dss_4: ["2.2.4"]
#   params:
#     packages:
#       type: array
#       default:
#         [rsh, rsh-client, rsh-server, rsh-redone-client, rsh-redone-server, inetutils, krb5-appl-clients, nis, ypbind,
#         ypbind-mt, ypserv, yp-tools]
#       doc: names of packages that may not be installed
#     provides: {type: array, default: [rsh-client, rsh-server, nis], doc: names that no package may stand in for}
#     exempt: {type: array, default: [openssh-client], doc: packages that may stand in for one of these}
#   remediation: Remove the packages, as with "apt purge rsh-client nis ypbind-mt yp-tools" or "dnf remove rsh ypbind ypserv".
package guestctl.packages.no_rsh_nis

import data.guestctl.lib.packages
import data.guestctl.params

wanted := params["packages-no-rsh-nis"]

# Some releases of openssh-client say that they stand in for rsh-client, and have no rsh.
deny contains finding if {
	some finding in packages.unwanted(input.packages, wanted.packages, wanted.provides)
	not finding.key in wanted.exempt
}
