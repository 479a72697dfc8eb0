package guestctl.sysctl.source_routing_test

import data.guestctl.lib.sysctl_test
import data.guestctl.sysctl.source_routing

pass := object.union(
	sysctl_test.files({
		"net.ipv4.conf.all.accept_source_route": "0",
		"net.ipv4.conf.default.accept_source_route": "0",
		"net.ipv6.conf.all.accept_source_route": "0",
		"net.ipv6.conf.default.accept_source_route": "0",
	}),
	sysctl_test.kernel(["quiet"]),
)

fail := object.union(
	sysctl_test.files({
		"net.ipv4.conf.all.accept_source_route": "0",
		"net.ipv4.conf.default.accept_source_route": "0",
		"net.ipv6.conf.all.accept_source_route": "0",
		"net.ipv6.conf.default.accept_source_route": "1",
	}),
	sysctl_test.kernel(["quiet"]),
)

test_pass if count(source_routing.deny) == 0 with input as pass

test_fail if {
	some finding in source_routing.deny with input as fail
	finding.msg == "net.ipv6.conf.default.accept_source_route is 1, want 0 (/etc/sysctl.d/60-hardening.conf line 1)"
	finding.evidence == [sysctl_test.source]
}

test_kernel_default_fails if {
	found := source_routing.deny with input as sysctl_test.files({})
	{finding.key | some finding in found} == {
		"net.ipv4.conf.all.accept_source_route",
		"net.ipv4.conf.default.accept_source_route",
		"net.ipv6.conf.all.accept_source_route",
		"net.ipv6.conf.default.accept_source_route",
	}
}

test_ipv6_that_is_off_needs_no_keys if {
	only := {key: "0" | some key, _ in pass.sysctl.effective; startswith(key, "net.ipv4.")}
	count(source_routing.deny) == 0 with input as object.union(sysctl_test.files(only), sysctl_test.kernel(["ipv6.disable=1"]))
	count(source_routing.deny) == 2 with input as object.union(sysctl_test.files(only), sysctl_test.kernel(["ipv6.disable=0"]))
	count(source_routing.deny) == 2 with input as sysctl_test.files(only)
}
