package guestctl.sysctl.kernel_log_test

import data.guestctl.lib.sysctl_test
import data.guestctl.sysctl.kernel_log

pass := sysctl_test.files({"kernel.dmesg_restrict": "1"})

fail := sysctl_test.files({"kernel.dmesg_restrict": "0"})

test_pass if count(kernel_log.deny) == 0 with input as pass

test_fail if {
	some finding in kernel_log.deny with input as fail
	finding.msg == "kernel.dmesg_restrict is 0, want 1 (/etc/sysctl.d/60-hardening.conf line 1)"
	finding.evidence == [sysctl_test.source]
}

test_kernel_default_fails if {
	found := kernel_log.deny with input as sysctl_test.files({})
	{finding.msg | some finding in found} == {"no file sets kernel.dmesg_restrict, want 1"}
}
