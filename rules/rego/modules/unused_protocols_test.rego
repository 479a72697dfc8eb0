package guestctl.modules.unused_protocols_test

import data.guestctl.lib.modules_test
import data.guestctl.modules.unused_protocols

names := ["dccp", "tipc", "rds", "sctp"]

pass := modules_test.guest(names, {n: "/bin/false" | some n in names})

fail := modules_test.guest(names, {n: "/bin/false" | some n in names; n != "sctp"})

test_pass if {
	count(unused_protocols.deny) == 0 with input as pass
	count(unused_protocols.unknown) == 0 with input as pass
}

test_fail if {
	some finding in unused_protocols.deny with input as fail
	finding.msg == "sctp can be loaded into the kernel 6.1.0-56-cloud-amd64: no install command blocks it"
	finding.evidence == [{"path": "/lib/modules/6.1.0-56-cloud-amd64"}]
}

test_each_module_is_judged if {
	found := unused_protocols.deny with input as modules_test.guest(names, {})
	{finding.key | some finding in found} == {n | some n in names}
}

test_kernel_without_the_modules_passes if {
	count(unused_protocols.deny) == 0 with input as modules_test.guest(["ext4"], {})
	count(unused_protocols.unknown) == 0 with input as modules_test.guest(["ext4"], {})
}
