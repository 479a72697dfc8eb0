package guestctl.modules.usb_storage_test

import data.guestctl.lib.modules_test
import data.guestctl.modules.usb_storage

names := ["usb_storage"]

pass := modules_test.guest(names, {n: "/bin/false" | some n in names})

fail := modules_test.guest(names, {n: "/bin/false" | some n in names; n != "usb_storage"})

test_pass if {
	count(usb_storage.deny) == 0 with input as pass
	count(usb_storage.unknown) == 0 with input as pass
}

test_fail if {
	some finding in usb_storage.deny with input as fail
	finding.msg == "usb_storage can be loaded into the kernel 6.1.0-56-cloud-amd64: no install command blocks it"
	finding.evidence == [{"path": "/lib/modules/6.1.0-56-cloud-amd64"}]
}

test_each_module_is_judged if {
	found := usb_storage.deny with input as modules_test.guest(names, {})
	{finding.key | some finding in found} == {n | some n in names}
}

test_kernel_without_the_modules_passes if {
	count(usb_storage.deny) == 0 with input as modules_test.guest(["ext4"], {})
	count(usb_storage.unknown) == 0 with input as modules_test.guest(["ext4"], {})
}
