package guestctl.sysctl.router_advertisements_test

import data.guestctl.lib.sysctl_test
import data.guestctl.sysctl.router_advertisements

pass := object.union(
	sysctl_test.files({
		"net.ipv6.conf.all.accept_ra": "0",
		"net.ipv6.conf.default.accept_ra": "0",
	}),
	sysctl_test.kernel(["quiet"]),
)

fail := object.union(
	sysctl_test.files({
		"net.ipv6.conf.all.accept_ra": "0",
		"net.ipv6.conf.default.accept_ra": "1",
	}),
	sysctl_test.kernel(["quiet"]),
)

test_pass if count(router_advertisements.deny) == 0 with input as pass

test_fail if {
	some finding in router_advertisements.deny with input as fail
	finding.msg == "net.ipv6.conf.default.accept_ra is 1, want 0 (/etc/sysctl.d/60-hardening.conf line 1)"
	finding.evidence == [sysctl_test.source]
}

test_kernel_default_fails if {
	found := router_advertisements.deny with input as sysctl_test.files({})
	{finding.key | some finding in found} == {
		"net.ipv6.conf.all.accept_ra",
		"net.ipv6.conf.default.accept_ra",
	}
}

absent := object.union(sysctl_test.files({}), sysctl_test.kernel(["quiet", "ipv6.disable=1"]))

test_kernel_without_ipv6_is_not_judged if {
	not router_advertisements.applicable with input as absent
	router_advertisements.applicable with input as pass
	router_advertisements.applicable with input as sysctl_test.files({})
}

test_one_interface_that_is_set_otherwise_fails if {
	some finding in router_advertisements.deny with input as sysctl_test.also(pass, {"net.ipv6.conf.eth0.accept_ra": "2"})
	finding.msg == "net.ipv6.conf.eth0.accept_ra is 2, want 0 (/etc/sysctl.d/60-hardening.conf line 1)"
}

test_pattern_for_other_interfaces_fails if {
	pattern := {"sysctl": {"globs": [{"key": "net.ipv6.conf.*.accept_ra", "value": "1", "source": sysctl_test.source}]}}
	some finding in router_advertisements.deny with input as object.union(pass, pattern)
	finding.key == "net.ipv6.conf.*.accept_ra"
	finding.evidence == [sysctl_test.source]
}
