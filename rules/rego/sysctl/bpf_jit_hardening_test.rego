package guestctl.sysctl.bpf_jit_hardening_test

import data.guestctl.lib.sysctl_test
import data.guestctl.sysctl.bpf_jit_hardening

pass := sysctl_test.files({"net.core.bpf_jit_harden": "2"})

fail := sysctl_test.files({"net.core.bpf_jit_harden": "1"})

test_pass if count(bpf_jit_hardening.deny) == 0 with input as pass

test_fail if {
	some finding in bpf_jit_hardening.deny with input as fail
	finding.msg == "net.core.bpf_jit_harden is 1, want 2 (/etc/sysctl.d/60-hardening.conf line 1)"
	finding.evidence == [sysctl_test.source]
}

test_kernel_default_fails if {
	found := bpf_jit_hardening.deny with input as sysctl_test.files({})
	{finding.msg | some finding in found} == {"no file sets net.core.bpf_jit_harden, want 2"}
}
