# METADATA
# title: No file, mail, directory, proxy or SNMP server starts
# description: >-
#   Samba, OpenLDAP, Dovecot, Cyrus, Squid and the SNMP agent each listen on the network and have a long history of flaws; they
#   belong on machines that are meant for them. A script that the removed package of one left behind starts nothing. A service
#   that is installed and that neither boot nor a trigger starts is not in use.
# custom:
#   id: services-no-file-mail-directory-servers
#   severity: medium
#   facts: [packages, units]
#   levels: [cis-l1]
#   controls:
#     ref: [GL-SVC-006]
#     ssg: [package_samba_removed, service_smb_disabled, package_openldap-servers_removed, service_slapd_disabled, package_dovecot_removed, service_dovecot_disabled, package_squid_removed, service_squid_disabled, package_net-snmp_removed, service_snmpd_disabled]
#     cis_debian12: ["2.1.14", "2.1.15", "2.1.17", "2.1.7", "2.1.8"]
#     cis_ubuntu2204: ["2.1.14", "2.1.15", "2.1.17", "2.1.7", "2.1.8"]
#     cis_rhel9: ["2.1.14", "2.1.17", "2.1.6", "2.1.8"]
#     nist_800_53: ["CM-6(a)", "CM-7(a)", "CM-7(b)"]
#     pci_dss_4: ["2.2.4"]
#   params:
#     services:
#       type: array
#       default: [smbd, nmbd, samba-ad-dc, smb, nmb, samba, slapd, dovecot, cyrus-imapd, squid, squid3, snmpd]
#       doc: names of services that may not start
#   remediation: >-
#     Remove the server, as with "apt purge samba slapd dovecot-core squid snmpd", or run "systemctl mask --now" with the name of
#     its unit.
package guestctl.services.no_file_mail_directory_servers

import data.guestctl.lib.services
import data.guestctl.params

deny contains finding if some finding in services.in_use(input.units, input.packages, params["services-no-file-mail-directory-servers"].services)
