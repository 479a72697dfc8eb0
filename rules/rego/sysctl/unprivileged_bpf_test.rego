package guestctl.sysctl.unprivileged_bpf_test

import data.guestctl.lib.sysctl_test
import data.guestctl.sysctl.unprivileged_bpf

pass := sysctl_test.files({"kernel.unprivileged_bpf_disabled": "1"})

fail := sysctl_test.files({"kernel.unprivileged_bpf_disabled": "0"})

test_pass if count(unprivileged_bpf.deny) == 0 with input as pass

test_fail if {
	some finding in unprivileged_bpf.deny with input as fail
	finding.msg == "kernel.unprivileged_bpf_disabled is 0, want 1 or 2 (/etc/sysctl.d/60-hardening.conf line 1)"
	finding.evidence == [sysctl_test.source]
}

test_kernel_default_fails if {
	found := unprivileged_bpf.deny with input as sysctl_test.files({})
	{finding.msg | some finding in found} == {"no file sets kernel.unprivileged_bpf_disabled, want 1 or 2"}
}
