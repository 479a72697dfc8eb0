# METADATA
# title: No FTP or TFTP server starts
# description: >-
#   FTP shows passwords and files to everybody on the network, and TFTP asks for no password at all. A server that is installed
#   and that neither boot nor a socket starts is not in use. One without a unit of its own is in use where a super-server starts.
# custom:
#   id: packages-no-ftp-server
#   severity: medium
#   facts: [packages, units]
#   levels: [cis-l1, anssi-minimal]
#   controls:
#     ref: [GL-PKG-004]
#     ssg: [package_vsftpd_removed, service_vsftpd_disabled, package_tftp-server_removed, service_tftp_disabled]
#     cis_debian12: ["2.1.16", "2.1.6"]
#     cis_ubuntu2204: ["2.1.16", "2.1.6"]
#     cis_rhel9: ["2.1.16", "2.1.7"]
#     anssi_bp28: [R62]
#     stig_rhel9: [RHEL-09-215015, RHEL-09-215060]
#     nist_800_53: ["CM-6(a)", CM-7, "CM-7(a)", "CM-7(b)", "CM-7.1(ii)", "IA-5(1)(c)", "IA-5(1).1(v)"]
#     pci_dss_4: ["2.2.4"]
#   params:
#     services:
#       type: array
#       default:
#         [vsftpd, proftpd, pure-ftpd, pure-ftpd-mysql, pure-ftpd-postgresql, pure-ftpd-ldap, bftpd, tftpd, tftpd-hpa, atftpd,
#         tftp, in.tftpd]
#       doc: names of services that may not start
#     behind_inetd:
#       type: array
#       default: [ftpd, ftpd-ssl, inetutils-ftpd, twoftpd, tftpd]
#       doc: packages of servers that a super-server starts
#     inetd: {type: array, default: [inetd, openbsd-inetd, inetutils-inetd, rlinetd, xinetd], doc: names of super-servers}
#   remediation: >-
#     Remove the server, as with "apt purge vsftpd tftpd-hpa" or "dnf remove vsftpd tftp-server", or keep it from starting with
#     "systemctl mask --now vsftpd.service".
package guestctl.packages.no_ftp_server

import data.guestctl.lib.packages
import data.guestctl.lib.services
import data.guestctl.params

wanted := params["packages-no-ftp-server"]

deny contains finding if some finding in services.in_use(input.units, input.packages, wanted.services)

# A server without a unit of its own waits behind a super-server.
deny contains finding if {
	some server in packages.unwanted(input.packages, wanted.behind_inetd, [])
	some inetd in services.in_use(input.units, input.packages, wanted.inetd)
	finding := object.union(server, {
		"msg": sprintf("%s, and %s", [server.msg, inetd.msg]),
		"evidence": array.concat(server.evidence, inetd.evidence),
	})
}
