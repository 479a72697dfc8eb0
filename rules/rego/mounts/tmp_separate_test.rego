package guestctl.mounts.tmp_separate_test

import data.guestctl.lib.mounts_test
import data.guestctl.mounts.tmp_separate

pass := mounts_test.mounted("/tmp", ["nodev", "nosuid"])

fail := {"mounts": []}

test_pass if count(tmp_separate.deny) == 0 with input as pass

test_fail if {
	some finding in tmp_separate.deny with input as fail
	finding.msg == "no mount is in force at /tmp"
	finding.evidence == []
}

test_mount_that_boot_leaves_out_fails if {
	some finding in tmp_separate.deny with input as mounts_test.but(pass, {"auto": false})
	finding.evidence == [object.union(mounts_test.source, {"note": "is not mounted at boot"})]
}

test_hidden_mount_fails if {
	some finding in tmp_separate.deny with input as mounts_test.but(pass, {"hidden": "the unit /etc/systemd/system/x.mount comes before fstab"})
	finding.evidence == [object.union(mounts_test.source, {"note": "the unit /etc/systemd/system/x.mount comes before fstab"})]
}

test_unit_that_systemd_starts_passes if {
	count(tmp_separate.deny) == 0 with input as mounts_test.but(pass, {"origin": "unit", "unit": "tmp.mount"})
}

test_mount_below_does_not_count if count(tmp_separate.deny) == 1 with input as mounts_test.mounted("/tmp/deep", ["nodev"])
