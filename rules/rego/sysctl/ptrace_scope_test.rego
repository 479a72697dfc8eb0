package guestctl.sysctl.ptrace_scope_test

import data.guestctl.lib.sysctl_test
import data.guestctl.sysctl.ptrace_scope

pass := sysctl_test.files({"kernel.yama.ptrace_scope": "1"})

fail := sysctl_test.files({"kernel.yama.ptrace_scope": "0"})

test_pass if count(ptrace_scope.deny) == 0 with input as pass

test_fail if {
	some finding in ptrace_scope.deny with input as fail
	finding.msg == "kernel.yama.ptrace_scope is 0, want 1 or 2 or 3 (/etc/sysctl.d/60-hardening.conf line 1)"
	finding.evidence == [sysctl_test.source]
}

test_kernel_default_fails if {
	found := ptrace_scope.deny with input as sysctl_test.files({})
	{finding.msg | some finding in found} == {"no file sets kernel.yama.ptrace_scope, want 1 or 2 or 3"}
}
