# METADATA
# title: No account knows hosts of SSH
# description: >-
#   The file tells which machines the build talked to, and makes every machine that is made from the image trust their keys
#   for good. What all machines shall trust belongs into /etc/ssh/ssh_known_hosts, which does not count here.
# related_resources:
#   - https://man.openbsd.org/ssh#VERIFYING_HOST_KEYS
# custom:
#   id: hygiene-known-hosts
#   severity: low
#   facts: [homes]
#   controls:
#     ref: [GI-005]
#   remediation: Remove ~/.ssh/known_hosts of every account.
package guestctl.hygiene.known_hosts

import data.guestctl.lib.leftovers

known := leftovers.in_homes(input.homes, [".ssh/known_hosts*"])

deny contains leftovers.finding(file, "no known hosts") if some file in known

unknown contains {"msg": leftovers.unread(input.homes)} if count(known) == 0
