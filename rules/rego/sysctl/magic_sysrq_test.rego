package guestctl.sysctl.magic_sysrq_test

import data.guestctl.lib.sysctl_test
import data.guestctl.sysctl.magic_sysrq

pass := sysctl_test.files({"kernel.sysrq": "0"})

fail := sysctl_test.files({"kernel.sysrq": "438"})

test_pass if count(magic_sysrq.deny) == 0 with input as pass

test_fail if {
	some finding in magic_sysrq.deny with input as fail
	finding.msg == "kernel.sysrq is 438, want 0 (/etc/sysctl.d/60-hardening.conf line 1)"
	finding.evidence == [sysctl_test.source]
}

test_kernel_default_fails if {
	found := magic_sysrq.deny with input as sysctl_test.files({})
	{finding.msg | some finding in found} == {"no file sets kernel.sysrq, want 0"}
}
