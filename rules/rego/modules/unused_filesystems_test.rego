package guestctl.modules.unused_filesystems_test

import data.guestctl.lib.modules_test
import data.guestctl.modules.unused_filesystems

names := ["cramfs", "freevxfs", "hfs", "hfsplus", "jffs2"]

pass := modules_test.guest(names, {n: "/bin/false" | some n in names})

fail := modules_test.guest(names, {n: "/bin/false" | some n in names; n != "jffs2"})

test_pass if {
	count(unused_filesystems.deny) == 0 with input as pass
	count(unused_filesystems.unknown) == 0 with input as pass
}

test_fail if {
	some finding in unused_filesystems.deny with input as fail
	finding.msg == "jffs2 can be loaded into the kernel 6.1.0-56-cloud-amd64: no install command blocks it"
	finding.evidence == [{"path": "/lib/modules/6.1.0-56-cloud-amd64"}]
}

test_each_module_is_judged if {
	found := unused_filesystems.deny with input as modules_test.guest(names, {})
	{finding.key | some finding in found} == {n | some n in names}
}

test_kernel_without_the_modules_passes if {
	count(unused_filesystems.deny) == 0 with input as modules_test.guest(["ext4"], {})
	count(unused_filesystems.unknown) == 0 with input as modules_test.guest(["ext4"], {})
}

# - and _ are the same in the name of a module.
test_names_may_be_written_with_hyphens if {
	asked := {"modules-unused-filesystems": {"modules": ["usb-storage"]}}
	some finding in unused_filesystems.deny with input as modules_test.guest(["usb_storage"], {}) with data.guestctl.params as asked
	finding.key == "usb_storage"
}
