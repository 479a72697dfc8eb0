package guestctl.hygiene.ssh_host_keys_test

import data.guestctl.hygiene.ssh_host_keys

private := "/etc/ssh/ssh_host_*_key"

public := "/etc/ssh/ssh_host_*_key.pub"

dropbear := "/etc/dropbear/dropbear_*_host_key"

pass := with_key("/etc/ssh/ssh_host_rsa_key")

with_key(path) := {
	"sshd": {"effective": {"hostkey": {"value": [path], "explicit": true, "source": {"path": "/etc/ssh/sshd_config", "line": 19}}}, "match": []},
	"globs": {pattern: {"paths": [], "files": []} | some pattern in [private, public, dropbear]},
}

found(pattern, path) := {"globs": {pattern: {"paths": [path], "files": [{
	"path": path, "type": "file", "mode": "0600", "uid": 0, "gid": 0, "owner": "root", "group": "root", "size": 505,
}]}}}

fail := object.union(pass, found(private, "/etc/ssh/ssh_host_rsa_key"))

test_pass if count(ssh_host_keys.deny) == 0 with input as pass

test_fail if {
	some finding in ssh_host_keys.deny with input as fail
	finding.msg == "/etc/ssh/ssh_host_rsa_key has 505 bytes"
	finding.evidence == ["/etc/ssh/ssh_host_rsa_key"]
}

test_a_public_half_alone if count(ssh_host_keys.deny) == 1 with input as object.union(pass, found(public, "/etc/ssh/ssh_host_rsa_key.pub"))

test_dropbear if count(ssh_host_keys.deny) == 1 with input as object.union(pass, found(dropbear, "/etc/dropbear/dropbear_rsa_host_key"))

test_keys_without_a_server if count(ssh_host_keys.deny) == 1 with input as object.remove(fail, ["sshd"])

test_another_place if {
	some reason in ssh_host_keys.unknown with input as with_key("/data/ssh/key")
	reason.msg == "HostKey names /data/ssh/key, which was not looked at"
	reason.evidence == [{"path": "/etc/ssh/sshd_config", "line": 19}]
}

test_the_usual_place if count(ssh_host_keys.unknown) == 0 with input as pass

test_a_finding_is_one_whatever_was_not_looked_at if {
	count(ssh_host_keys.unknown) == 0 with input as object.union(fail, {"sshd": with_key("/data/ssh/key").sshd})
}
