package guestctl.sysctl.suid_dumpable_test

import data.guestctl.lib.sysctl_test
import data.guestctl.sysctl.suid_dumpable

pass := sysctl_test.files({"fs.suid_dumpable": "0"})

fail := sysctl_test.files({"fs.suid_dumpable": "2"})

test_pass if count(suid_dumpable.deny) == 0 with input as pass

test_fail if {
	some finding in suid_dumpable.deny with input as fail
	finding.msg == "fs.suid_dumpable is 2, want 0 (/etc/sysctl.d/60-hardening.conf line 1)"
	finding.evidence == [sysctl_test.source]
}

test_kernel_default_fails if {
	found := suid_dumpable.deny with input as sysctl_test.files({})
	{finding.msg | some finding in found} == {"no file sets fs.suid_dumpable, want 0"}
}
