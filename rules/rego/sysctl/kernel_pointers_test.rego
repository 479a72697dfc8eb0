package guestctl.sysctl.kernel_pointers_test

import data.guestctl.lib.sysctl_test
import data.guestctl.sysctl.kernel_pointers

pass := sysctl_test.files({"kernel.kptr_restrict": "1"})

fail := sysctl_test.files({"kernel.kptr_restrict": "0"})

test_pass if count(kernel_pointers.deny) == 0 with input as pass

test_fail if {
	some finding in kernel_pointers.deny with input as fail
	finding.msg == "kernel.kptr_restrict is 0, want 1 or 2 (/etc/sysctl.d/60-hardening.conf line 1)"
	finding.evidence == [sysctl_test.source]
}

test_kernel_default_fails if {
	found := kernel_pointers.deny with input as sysctl_test.files({})
	{finding.msg | some finding in found} == {"no file sets kernel.kptr_restrict, want 1 or 2"}
}
