package guestctl.sysctl.accept_redirects_test

import data.guestctl.lib.sysctl_test
import data.guestctl.sysctl.accept_redirects

pass := object.union(
	sysctl_test.files({
		"net.ipv4.conf.all.accept_redirects": "0",
		"net.ipv4.conf.default.accept_redirects": "0",
		"net.ipv6.conf.all.accept_redirects": "0",
		"net.ipv6.conf.default.accept_redirects": "0",
	}),
	sysctl_test.kernel(["quiet"]),
)

fail := object.union(
	sysctl_test.files({
		"net.ipv4.conf.all.accept_redirects": "0",
		"net.ipv4.conf.default.accept_redirects": "0",
		"net.ipv6.conf.all.accept_redirects": "0",
		"net.ipv6.conf.default.accept_redirects": "1",
	}),
	sysctl_test.kernel(["quiet"]),
)

test_pass if count(accept_redirects.deny) == 0 with input as pass

test_fail if {
	some finding in accept_redirects.deny with input as fail
	finding.msg == "net.ipv6.conf.default.accept_redirects is 1, want 0 (/etc/sysctl.d/60-hardening.conf line 1)"
	finding.evidence == [sysctl_test.source]
}

test_kernel_default_fails if {
	found := accept_redirects.deny with input as sysctl_test.files({})
	{finding.key | some finding in found} == {
		"net.ipv4.conf.all.accept_redirects",
		"net.ipv4.conf.default.accept_redirects",
		"net.ipv6.conf.all.accept_redirects",
		"net.ipv6.conf.default.accept_redirects",
	}
}

test_ipv6_that_is_off_needs_no_keys if {
	only := {key: "0" | some key, _ in pass.sysctl.effective; startswith(key, "net.ipv4.")}
	count(accept_redirects.deny) == 0 with input as object.union(sysctl_test.files(only), sysctl_test.kernel(["ipv6.disable=1"]))
	count(accept_redirects.deny) == 2 with input as object.union(sysctl_test.files(only), sysctl_test.kernel(["ipv6.disable=0"]))
	count(accept_redirects.deny) == 2 with input as sysctl_test.files(only)
}

test_one_interface_that_is_set_otherwise_fails if {
	some finding in accept_redirects.deny with input as sysctl_test.also(pass, {"net.ipv6.conf.eth0.accept_redirects": "1"})
	finding.msg == "net.ipv6.conf.eth0.accept_redirects is 1, want 0 (/etc/sysctl.d/60-hardening.conf line 1)"
}

test_pattern_for_other_interfaces_fails if {
	pattern := {"sysctl": {"globs": [{"key": "net.ipv4.conf.e*.accept_redirects", "value": "1", "source": sysctl_test.source}]}}
	some finding in accept_redirects.deny with input as object.union(pass, pattern)
	finding.key == "net.ipv4.conf.e*.accept_redirects"
	finding.evidence == [sysctl_test.source]
}

# The kernel turns accept_redirects on when forwarding goes off, after the file has turned it off.
test_value_that_follows_forwarding_fails if {
	derived := {"value": "1", "explicit": false, "source": {"path": "/etc/sysctl.d/70-late.conf", "line": 2}}
	some finding in accept_redirects.deny with input as object.union(pass, {"sysctl": {"effective": {"net.ipv4.conf.all.accept_redirects": derived}}})
	finding.evidence == [derived.source]
}
