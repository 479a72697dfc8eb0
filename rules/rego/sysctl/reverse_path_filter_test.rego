package guestctl.sysctl.reverse_path_filter_test

import data.guestctl.lib.sysctl_test
import data.guestctl.sysctl.reverse_path_filter

pass := sysctl_test.files({
	"net.ipv4.conf.all.rp_filter": "1",
	"net.ipv4.conf.default.rp_filter": "1",
})

fail := sysctl_test.files({
	"net.ipv4.conf.all.rp_filter": "1",
	"net.ipv4.conf.default.rp_filter": "0",
})

test_pass if count(reverse_path_filter.deny) == 0 with input as pass

test_fail if {
	some finding in reverse_path_filter.deny with input as fail
	finding.msg == "net.ipv4.conf.default.rp_filter is 0, want 1 or 2 (/etc/sysctl.d/60-hardening.conf line 1)"
	finding.evidence == [sysctl_test.source]
}

test_kernel_default_fails if {
	found := reverse_path_filter.deny with input as sysctl_test.files({})
	{finding.key | some finding in found} == {
		"net.ipv4.conf.all.rp_filter",
		"net.ipv4.conf.default.rp_filter",
	}
}

test_loose_mode_passes if count(reverse_path_filter.deny) == 0 with input as sysctl_test.files({
	"net.ipv4.conf.all.rp_filter": "2",
	"net.ipv4.conf.default.rp_filter": "2",
})
