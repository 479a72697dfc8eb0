package guestctl.sysctl.log_martians_test

import data.guestctl.lib.sysctl_test
import data.guestctl.sysctl.log_martians

pass := sysctl_test.files({
	"net.ipv4.conf.all.log_martians": "1",
	"net.ipv4.conf.default.log_martians": "1",
})

fail := sysctl_test.files({
	"net.ipv4.conf.all.log_martians": "1",
	"net.ipv4.conf.default.log_martians": "0",
})

test_pass if count(log_martians.deny) == 0 with input as pass

test_fail if {
	some finding in log_martians.deny with input as fail
	finding.msg == "net.ipv4.conf.default.log_martians is 0, want 1 (/etc/sysctl.d/60-hardening.conf line 1)"
	finding.evidence == [sysctl_test.source]
}

test_kernel_default_fails if {
	found := log_martians.deny with input as sysctl_test.files({})
	{finding.key | some finding in found} == {
		"net.ipv4.conf.all.log_martians",
		"net.ipv4.conf.default.log_martians",
	}
}
