package guestctl.ssh.private_key_permissions_test

import data.guestctl.lib.files_test
import data.guestctl.ssh.private_key_permissions

path := "/etc/ssh/ssh_host_ed25519_key"

guest_with(files) := {
	"globs": {"/etc/ssh/ssh_host_*_key": {"paths": [f.path | some f in files], "files": files}},
	"sshd": {"effective": {"hostkey": {"value": [path], "explicit": false, "source": null}}},
}

pass := guest_with([files_test.entry(path, "file", "0600", 0, 0)])

fail := guest_with([files_test.entry(path, "file", "0644", 0, 0)])

keysign(mode) := guest_with([object.union(files_test.entry(path, "file", mode, 0, 0), {"gid": 101, "group": "ssh_keys"})])

test_pass if {
	count(private_key_permissions.deny) == 0 with input as pass
	count(private_key_permissions.unknown) == 0 with input as pass
}

test_fail if {
	some finding in private_key_permissions.deny with input as fail
	finding.msg == "/etc/ssh/ssh_host_ed25519_key has mode 0644, want mode 0600 or stricter, owner root, group root"
	finding.evidence == [{"path": path}]
}

test_mode_is_a_set_of_bits if count(private_key_permissions.deny) == 1 with input as guest_with([files_test.entry(path, "file", "0401", 0, 0)])

test_other_owner_fails if {
	lost := object.union(files_test.entry(path, "file", "0600", 0, 0), {"uid": 1000, "owner": ""})
	some finding in private_key_permissions.deny with input as guest_with([lost])
	finding.actual == "/etc/ssh/ssh_host_ed25519_key owner 1000"
}

test_other_group_fails if {
	staff := object.union(files_test.entry(path, "file", "0600", 0, 0), {"gid": 50, "group": "staff"})
	some finding in private_key_permissions.deny with input as guest_with([staff])
	finding.actual == "/etc/ssh/ssh_host_ed25519_key group staff"
}

test_group_of_ssh_keysign_may_read if count(private_key_permissions.deny) == 0 with input as keysign("0640")

test_group_of_ssh_keysign_may_not_write if count(private_key_permissions.deny) == 1 with input as keysign("0660")

test_group_root_may_not_read if count(private_key_permissions.deny) == 1 with input as guest_with([files_test.entry(path, "file", "0640", 0, 0)])

test_image_without_keys_passes if {
	count(private_key_permissions.deny) == 0 with input as guest_with([])
	count(private_key_permissions.unknown) == 0 with input as guest_with([])
}

test_link_is_not_known if {
	link := object.union(files_test.entry(path, "file", "0777", 0, 0), {"type": "symlink", "link": "/srv/key"})
	count(private_key_permissions.deny) == 0 with input as guest_with([link])
	private_key_permissions.unknown == {sprintf("%s is a link, and what it leads to was not looked at", [path])} with input as guest_with([link])
}

test_key_elsewhere_is_not_known if {
	elsewhere := object.union(pass, {"sshd": {"effective": {"hostkey": {"value": [path, "/srv/ssh/ssh_host_rsa_key"]}}}})
	private_key_permissions.unknown == {"the host key /srv/ssh/ssh_host_rsa_key lies elsewhere and was not looked at"} with input as elsewhere
}
