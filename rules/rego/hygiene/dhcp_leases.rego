# METADATA
# title: No lease of DHCP is left
# description: >-
#   A client asks for the address of its last lease again, so machines that are made from one image ask for the same one, under
#   the name and the network of the build. Leases of all common clients count.
# related_resources:
#   - https://libguestfs.org/virt-sysprep.1.html
# custom:
#   id: hygiene-dhcp-leases
#   severity: low
#   facts: [image_state.dhcp_leases]
#   controls:
#     ref: [GI-008]
#   remediation: Remove the files of /var/lib/dhcp, /var/lib/dhclient, /var/lib/dhcpcd and /var/lib/NetworkManager/*.lease.
package guestctl.hygiene.dhcp_leases

import data.guestctl.lib.leftovers

deny contains finding if {
	some file in input.image_state.dhcp_leases
	file.size > 0
	finding := leftovers.trace(file.path, sprintf("%s has a lease of the build (%d bytes)", [file.path, file.size]), "no leases")
}
