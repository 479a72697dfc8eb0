package guestctl.ssh.public_key_permissions_test

import data.guestctl.lib.files_test
import data.guestctl.ssh.public_key_permissions

path := "/etc/ssh/ssh_host_rsa_key.pub"

guest_with(files) := {
	"sshd": {"config": "/etc/ssh/sshd_config"},
	"globs": {"/etc/ssh/ssh_host_*_key.pub": {"paths": [f.path | some f in files], "files": files}},
}

pass := guest_with([files_test.entry(path, "file", "0644", 0, 0)])

fail := guest_with([files_test.entry(path, "file", "0664", 0, 0)])

test_pass if {
	count(public_key_permissions.deny) == 0 with input as pass
	count(public_key_permissions.unknown) == 0 with input as pass
}

test_fail if {
	some finding in public_key_permissions.deny with input as fail
	finding.msg == "/etc/ssh/ssh_host_rsa_key.pub has mode 0664, want mode 0644 or stricter, owner root, group root"
	finding.evidence == [{"path": path}]
}

test_each_key_is_told if {
	two := guest_with([files_test.entry(path, "file", "0666", 0, 0), files_test.entry("/etc/ssh/ssh_host_ed25519_key.pub", "file", "0646", 0, 0)])
	count(public_key_permissions.deny) == 2 with input as two
}

test_link_is_not_known if {
	link := object.union(files_test.entry(path, "file", "0777", 0, 0), {"type": "symlink", "link": "/srv/key.pub"})
	count(public_key_permissions.unknown) == 1 with input as guest_with([link])
}

test_image_without_keys_passes if count(public_key_permissions.deny) == 0 with input as guest_with([])
