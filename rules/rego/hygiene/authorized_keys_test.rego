package guestctl.hygiene.authorized_keys_test

import data.guestctl.hygiene.authorized_keys

path := "/home/packer/.ssh/authorized_keys"

file(keys) := {"user": "packer", "path": path, "mode": "0600", "uid": 1000, "keys": keys}

key := {"type": "ssh-ed25519", "bits": 256, "fingerprint": "SHA256:abc", "comment": "build", "source": {"path": path, "line": 2}}

pass := {"ssh_keys": {"host": [], "authorized": [file([])], "private": []}}

fail := {"ssh_keys": {"host": [], "authorized": [file([key])], "private": []}}

test_pass if count(authorized_keys.deny) == 0 with input as pass

test_fail if {
	some finding in authorized_keys.deny with input as fail
	finding.msg == "SHA256:abc lets packer in (ssh-ed25519, /home/packer/.ssh/authorized_keys line 2)"
	finding.evidence == [{"path": path, "line": 2}]
}

test_one_of_two_is_allowed if {
	other := object.union(key, {"fingerprint": "SHA256:def"})
	found := authorized_keys.deny with input as {"ssh_keys": {"authorized": [file([key, other])]}}
		with data.guestctl.params as {"hygiene-authorized-keys": {"allowed": ["SHA256:abc"]}}
	{finding.key | some finding in found} == {"packer SHA256:def"}
}
