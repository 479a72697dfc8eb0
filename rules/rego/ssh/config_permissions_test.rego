package guestctl.ssh.config_permissions_test

import data.guestctl.lib.files_test
import data.guestctl.ssh.config_permissions

config := "/etc/ssh/sshd_config"

drop_in := "/etc/ssh/sshd_config.d/10.conf"

guest_with(read, drop_ins) := {
	"sshd": {"files": read},
	"globs": {
		config: {"paths": [config], "files": [files_test.entry(config, "file", "0600", 0, 0)]},
		"/etc/ssh/sshd_config.d/*.conf": {"paths": [f.path | some f in drop_ins], "files": drop_ins},
	},
}

pass := guest_with([files_test.entry(config, "file", "0600", 0, 0), files_test.entry(drop_in, "file", "0400", 0, 0)], [files_test.entry(drop_in, "file", "0400", 0, 0)])

fail := guest_with([files_test.entry(config, "file", "0644", 0, 0)], [])

test_pass if count(config_permissions.deny) == 0 with input as pass

test_fail if {
	some finding in config_permissions.deny with input as fail
	finding.msg == "/etc/ssh/sshd_config has mode 0644, want mode 0600 or stricter, owner root, group root"
	finding.evidence == [{"path": config}]
}

test_drop_in_that_sshd_does_not_read_fails if {
	some finding in config_permissions.deny with input as guest_with([files_test.entry(config, "file", "0600", 0, 0)], [files_test.entry(drop_in, "file", "0640", 0, 0)])
	finding.key == drop_in
}

# The mode of a link means nothing; sshd.files has what it leads to.
test_target_of_a_link_is_judged if {
	link := object.union(files_test.entry(drop_in, "file", "0777", 0, 0), {"type": "symlink", "link": "/srv/conf"})
	count(config_permissions.deny) == 0 with input as guest_with([files_test.entry(drop_in, "file", "0600", 0, 0)], [link])
	count(config_permissions.deny) == 1 with input as guest_with([files_test.entry(drop_in, "file", "0644", 0, 0)], [link])
}

test_other_owner_fails if {
	bob := object.union(files_test.entry(config, "file", "0600", 0, 0), {"uid": 1000, "owner": "bob"})
	some finding in config_permissions.deny with input as guest_with([bob], [])
	finding.actual == "/etc/ssh/sshd_config owner bob"
}

test_other_group_fails if {
	staff := object.union(files_test.entry(config, "file", "0600", 0, 0), {"gid": 50, "group": "staff"})
	some finding in config_permissions.deny with input as guest_with([staff], [])
	finding.actual == "/etc/ssh/sshd_config group staff"
}

# The crypto policy of RHEL is for everybody to read.
test_shared_file_may_be_read if {
	policy := "/usr/share/crypto-policies/DEFAULT/opensshserver.txt"
	count(config_permissions.deny) == 0 with input as guest_with([files_test.entry(policy, "file", "0644", 0, 0)], [])
	count(config_permissions.deny) == 1 with input as guest_with([files_test.entry(policy, "file", "0664", 0, 0)], [])
}
