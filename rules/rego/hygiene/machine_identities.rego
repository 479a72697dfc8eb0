# METADATA
# title: No secret of one machine is left
# description: >-
#   Keys and tokens by which one machine is known to others must not be shared: private keys of TLS, also those that a package
#   made for itself, the secrets of NetworkManager, of systemd and of iSCSI, keytabs of Kerberos, and the registrations of
#   agents. The machine's id and the keys of SSH have checks of their own.
# related_resources:
#   - https://systemd.io/BUILDING_IMAGES/
# custom:
#   id: hygiene-machine-identities
#   severity: high
#   globs:
#     - /etc/chef/client.pem
#     - /etc/hostid
#     - /etc/krb5.keytab
#     - /etc/nvme/hostid
#     - /etc/nvme/hostnqn
#     - /etc/pki/tls/private/*
#     - /etc/puppetlabs/puppet/ssl/private_keys/*
#     - /etc/salt/pki/minion/minion.pem
#     - /etc/ssl/private/*
#     - /etc/wireguard/*
#     - /var/lib/amazon/ssm/registration
#     - /var/lib/NetworkManager/secret_key
#     - /var/lib/puppet/ssl/private_keys/*
#     - /var/lib/samba/private/secrets.tdb
#     - /var/lib/systemd/credential.secret
#     - /var/lib/tailscale/tailscaled.state
#     - /var/ossec/etc/client.keys
#   content:
#     /etc/iscsi/initiatorname.iscsi: ['^\s*InitiatorName=']
#   controls:
#     ref: [GI-022]
#     nist_800_53: [IA-3, SC-12]
#   params:
#     allowed:
#       type: array
#       default: []
#       doc: paths that may be there; * is anything within a name, ** anything
#   remediation: Remove the files, and let each machine make its own or register at its first boot.
package guestctl.hygiene.machine_identities

import data.guestctl.lib.leftovers
import data.guestctl.params

allowed := params["hygiene-machine-identities"].allowed

deny contains leftovers.finding(file, "no secret of one machine") if {
	some file in leftovers.in_globs(input.globs)
	not leftovers.matches(file.path, allowed)
}

deny contains finding if {
	some path, file in input.files
	some found in file.content
	found.found
	not leftovers.matches(path, allowed)
	line := object.get(found, "line", 0)
	finding := {
		"msg": sprintf("%s names one machine (line %d)", [path, line]),
		"actual": path,
		"expected": "no name of one machine",
		"evidence": [{"path": path, "line": line}],
		"key": path,
	}
}

unknown contains {"msg": sprintf("what is in %s was not looked at", [path])} if {
	count(deny) == 0
	some path, file in input.files
	file.exists
	not file.content
}
