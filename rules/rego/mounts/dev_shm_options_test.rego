package guestctl.mounts.dev_shm_options_test

import data.guestctl.lib.mounts_test
import data.guestctl.mounts.dev_shm_options

pass := mounts_test.mounted("/dev/shm", ["nodev", "nosuid", "noexec"])

fail := mounts_test.mounted("/dev/shm", ["nodev"])

test_pass if count(dev_shm_options.deny) == 0 with input as pass

test_fail if {
	some finding in dev_shm_options.deny with input as fail
	finding.msg == "/dev/shm is mounted without nosuid, noexec (/etc/fstab line 4)"
	finding.evidence == [mounts_test.source]
}

test_each_flag_is_judged if {
	every flag in ["nodev", "nosuid", "noexec"] {
		count(dev_shm_options.deny) == 1 with input as mounts_test.mounted("/dev/shm", [f | some f in ["nodev", "nosuid", "noexec"]; f != flag])
	}
}

test_mount_of_systemd_fails if {
	builtin := {"mounts": [object.union(mounts_test.mount("/dev/shm", ["nodev", "nosuid"]), {"origin": "builtin", "source": null})]}
	some finding in dev_shm_options.deny with input as builtin
	finding.msg == "/dev/shm is mounted without noexec (by the init system itself)"
}

# systemd takes the first of two lines.
test_second_line_does_not_count if {
	second := object.union(mounts_test.mount("/dev/shm", ["nodev", "nosuid", "noexec"]), {"hidden": "systemd takes the first entry"})
	count(dev_shm_options.deny) == 1 with input as {"mounts": array.concat(fail.mounts, [second])}
}

test_mount_that_no_file_has_is_not_known if {
	count(dev_shm_options.unknown) == 1 with input as {"mounts": []}
	count(dev_shm_options.unknown) == 0 with input as pass
}
