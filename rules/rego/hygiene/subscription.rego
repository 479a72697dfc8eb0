# METADATA
# title: The image is not registered with its vendor
# description: >-
#   Certificates and tokens of a subscription name one machine. Machines that are made from the image would all be that one, and
#   whoever has the image can use the subscription. Red Hat's, SUSE's and Ubuntu Pro's registrations count.
# related_resources:
#   - https://libguestfs.org/virt-sysprep.1.html
# custom:
#   id: hygiene-subscription
#   severity: medium
#   facts: [image_state.rhsm]
#   globs:
#     - /etc/apt/auth.conf.d/90ubuntu-advantage
#     - /etc/insights-client/machine-id
#     - /etc/zypp/credentials.d/SCCcredentials
#     - /var/lib/ubuntu-advantage/private/machine-token.json
#   controls:
#     ref: [GI-017]
#   params:
#     identities:
#       type: array
#       default: [/etc/pki/consumer/*, /etc/pki/entitlement/*, /etc/sysconfig/rhn/systemid]
#       doc: paths that Red Hat's subscription manager keeps an identity at; * is anything within a name, ** anything
#   remediation: Run "subscription-manager unregister" and "subscription-manager clean", "SUSEConnect --de-register" or "pro detach".
package guestctl.hygiene.subscription

import data.guestctl.lib.leftovers
import data.guestctl.params

deny contains finding if {
	some file in input.image_state.rhsm
	leftovers.matches(file.path, params["hygiene-subscription"].identities)
	finding := leftovers.trace(file.path, sprintf("%s is of a registered machine", [file.path]), "no registration")
}

deny contains leftovers.finding(file, "no registration") if some file in leftovers.in_globs(input.globs)
