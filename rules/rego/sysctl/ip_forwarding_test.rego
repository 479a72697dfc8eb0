package guestctl.sysctl.ip_forwarding_test

import data.guestctl.lib.sysctl_test
import data.guestctl.sysctl.ip_forwarding

pass := object.union(
	sysctl_test.files({
		"net.ipv4.ip_forward": "0",
		"net.ipv6.conf.all.forwarding": "0",
	}),
	sysctl_test.kernel(["quiet"]),
)

fail := object.union(
	sysctl_test.files({
		"net.ipv4.ip_forward": "0",
		"net.ipv6.conf.all.forwarding": "1",
	}),
	sysctl_test.kernel(["quiet"]),
)

test_pass if count(ip_forwarding.deny) == 0 with input as pass

test_fail if {
	some finding in ip_forwarding.deny with input as fail
	finding.msg == "net.ipv6.conf.all.forwarding is 1, want 0 (/etc/sysctl.d/60-hardening.conf line 1)"
	finding.evidence == [sysctl_test.source]
}

test_kernel_default_fails if {
	found := ip_forwarding.deny with input as sysctl_test.files({})
	{finding.key | some finding in found} == {
		"net.ipv4.ip_forward",
		"net.ipv6.conf.all.forwarding",
	}
}

test_ipv6_that_is_off_needs_no_keys if {
	only := {key: "0" | some key, _ in pass.sysctl.effective; startswith(key, "net.ipv4.")}
	count(ip_forwarding.deny) == 0 with input as object.union(sysctl_test.files(only), sysctl_test.kernel(["ipv6.disable=1"]))
	count(ip_forwarding.deny) == 1 with input as object.union(sysctl_test.files(only), sysctl_test.kernel(["ipv6.disable=0"]))
	count(ip_forwarding.deny) == 1 with input as sysctl_test.files(only)
}

test_one_interface_that_is_set_otherwise_fails if {
	some finding in ip_forwarding.deny with input as sysctl_test.also(pass, {"net.ipv4.conf.eth0/100.forwarding": "1"})
	finding.msg == "net.ipv4.conf.eth0/100.forwarding is 1, want 0 (/etc/sysctl.d/60-hardening.conf line 1)"
}

test_pattern_for_other_interfaces_fails if {
	pattern := {"sysctl": {"globs": [{"key": "net.ipv4.conf.*.forwarding", "value": "1", "source": sysctl_test.source}]}}
	some finding in ip_forwarding.deny with input as object.union(pass, pattern)
	finding.key == "net.ipv4.conf.*.forwarding"
	finding.evidence == [sysctl_test.source]
}
