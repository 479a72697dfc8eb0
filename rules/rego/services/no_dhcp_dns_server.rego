# METADATA
# title: No DHCP or DNS server starts
# description: >-
#   Who hands out addresses or names can lead a whole network astray, so only machines that are meant for it do. dnsmasq does
#   both. A service that is installed and that neither boot nor a trigger starts is not in use.
# custom:
#   id: services-no-dhcp-dns-server
#   severity: medium
#   facts: [packages, units]
#   levels: [cis-l1, anssi-minimal]
#   controls:
#     ref: [GL-SVC-005]
#     ssg: [package_dhcp_removed, service_dhcpd_disabled, package_bind_removed, service_named_disabled, package_dnsmasq_removed, service_dnsmasq_disabled]
#     cis_debian12: ["2.1.3", "2.1.4", "2.1.5"]
#     cis_ubuntu2204: ["2.1.3", "2.1.4", "2.1.5"]
#     cis_rhel9: ["2.1.3", "2.1.4", "2.1.5"]
#     anssi_bp28: [R62]
#     nist_800_53: ["CM-6(a)", "CM-7(a)", "CM-7(b)"]
#     pci_dss_4: ["2.2.4"]
#   params:
#     services:
#       type: array
#       default:
#         [isc-dhcp-server, isc-dhcp-server6, dhcpd, dhcpd4, dhcpd6, kea-dhcp4-server, kea-dhcp6-server, kea-dhcp4, kea-dhcp6,
#         udhcpd, bind9, named, named-chroot, dnsmasq, nsd, knot, pdns]
#       doc: names of services that may not start
#   remediation: >-
#     Remove the server, as with "apt purge isc-dhcp-server bind9 dnsmasq", or run "systemctl mask --now" with the name of its
#     unit.
package guestctl.services.no_dhcp_dns_server

import data.guestctl.lib.services
import data.guestctl.params

deny contains finding if some finding in services.in_use(input.units, input.packages, params["services-no-dhcp-dns-server"].services)
