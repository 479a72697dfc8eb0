# METADATA
# title: No mail is left
# description: >-
#   Mail to accounts of the machine of the build, such as reports of cron, would come to light on every machine that is made
#   from the image.
# related_resources:
#   - https://libguestfs.org/virt-sysprep.1.html
# custom:
#   id: hygiene-mail-spools
#   severity: low
#   facts: [image_state.mail_spools]
#   controls:
#     ref: [GI-016]
#   remediation: Remove the files of /var/mail and /var/spool/mail.
package guestctl.hygiene.mail_spools

import data.guestctl.lib.leftovers

deny contains finding if {
	some file in input.image_state.mail_spools
	file.size > 0
	finding := leftovers.trace(file.path, sprintf("%s has mail (%d bytes)", [file.path, file.size]), "no mail")
}
