package guestctl.mounts.home_test

import data.guestctl.lib.mounts_test
import data.guestctl.mounts.home

pass := mounts_test.mounted("/home", ["nodev", "nosuid"])

fail := mounts_test.mounted("/home", ["nodev"])

test_pass if count(home.deny) == 0 with input as pass

test_fail if {
	some finding in home.deny with input as fail
	finding.msg == "/home is mounted without nosuid (/etc/fstab line 4)"
	finding.evidence == [mounts_test.source]
}

test_each_flag_is_judged if {
	every flag in ["nodev", "nosuid"] {
		count(home.deny) == 1 with input as mounts_test.mounted("/home", [f | some f in ["nodev", "nosuid"]; f != flag])
	}
}

test_no_mount_fails if {
	some finding in home.deny with input as {"mounts": []}
	finding.msg == "no mount is in force at /home"
}

test_mount_that_boot_leaves_out_fails if {
	some finding in home.deny with input as mounts_test.but(pass, {"auto": false})
	finding.evidence == [object.union(mounts_test.source, {"note": "is not mounted at boot"})]
}

test_hidden_mount_fails if {
	some finding in home.deny with input as mounts_test.but(pass, {"hidden": "the unit /etc/systemd/system/x.mount comes before fstab"})
	finding.evidence == [object.union(mounts_test.source, {"note": "the unit /etc/systemd/system/x.mount comes before fstab"})]
}
