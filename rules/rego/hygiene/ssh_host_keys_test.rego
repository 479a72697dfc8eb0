package guestctl.hygiene.ssh_host_keys_test

import data.guestctl.hygiene.ssh_host_keys

dropbear := "/etc/dropbear/dropbear_*_host_key"

pass := {"ssh_keys": {"host": [], "authorized": [], "private": []}, "globs": {dropbear: {"paths": [], "files": []}}}

private := {"path": "/etc/ssh/ssh_host_rsa_key", "type": "rsa", "mode": "0600", "uid": 0, "gid": 0}

public := {
	"type": "ssh-rsa", "bits": 3072, "fingerprint": "SHA256:x", "comment": "root@build",
	"source": {"path": "/etc/ssh/ssh_host_rsa_key.pub", "line": 1},
}

fail := object.union(pass, {"ssh_keys": {"host": [{"public": null, "private": private}]}})

test_pass if count(ssh_host_keys.deny) == 0 with input as pass

test_fail if {
	some finding in ssh_host_keys.deny with input as fail
	finding.msg == "/etc/ssh/ssh_host_rsa_key is a host key"
	finding.evidence == ["/etc/ssh/ssh_host_rsa_key"]
}

test_both_halves if {
	found := ssh_host_keys.deny with input as object.union(pass, {"ssh_keys": {"host": [{"public": public, "private": private}]}})
	{finding.key | some finding in found} == {"/etc/ssh/ssh_host_rsa_key", "/etc/ssh/ssh_host_rsa_key.pub"}
}

test_a_public_half_alone if {
	found := ssh_host_keys.deny with input as object.union(pass, {"ssh_keys": {"host": [{"public": public, "private": null}]}})
	count(found) == 1
}

test_dropbear if {
	path := "/etc/dropbear/dropbear_rsa_host_key"
	some finding in ssh_host_keys.deny with input as object.union(pass, {"globs": {dropbear: {"files": [{"path": path, "type": "file", "size": 140}]}}})
	finding.msg == "/etc/dropbear/dropbear_rsa_host_key has 140 bytes"
}
