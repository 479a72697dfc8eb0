package guestctl.sysctl.secure_redirects_test

import data.guestctl.lib.sysctl_test
import data.guestctl.sysctl.secure_redirects

pass := sysctl_test.files({
	"net.ipv4.conf.all.secure_redirects": "0",
	"net.ipv4.conf.default.secure_redirects": "0",
})

fail := sysctl_test.files({
	"net.ipv4.conf.all.secure_redirects": "0",
	"net.ipv4.conf.default.secure_redirects": "1",
})

test_pass if count(secure_redirects.deny) == 0 with input as pass

test_fail if {
	some finding in secure_redirects.deny with input as fail
	finding.msg == "net.ipv4.conf.default.secure_redirects is 1, want 0 (/etc/sysctl.d/60-hardening.conf line 1)"
	finding.evidence == [sysctl_test.source]
}

test_kernel_default_fails if {
	found := secure_redirects.deny with input as sysctl_test.files({})
	{finding.key | some finding in found} == {
		"net.ipv4.conf.all.secure_redirects",
		"net.ipv4.conf.default.secure_redirects",
	}
}

test_one_interface_that_is_set_otherwise_fails if {
	some finding in secure_redirects.deny with input as sysctl_test.also(pass, {"net.ipv4.conf.eth0.secure_redirects": "1"})
	finding.msg == "net.ipv4.conf.eth0.secure_redirects is 1, want 0 (/etc/sysctl.d/60-hardening.conf line 1)"
}

test_pattern_for_other_interfaces_fails if {
	pattern := {"sysctl": {"globs": [{"key": "net.ipv4.conf.e*.secure_redirects", "value": "1", "source": sysctl_test.source}]}}
	some finding in secure_redirects.deny with input as object.union(pass, pattern)
	finding.key == "net.ipv4.conf.e*.secure_redirects"
	finding.evidence == [sysctl_test.source]
}
