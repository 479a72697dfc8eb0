package guestctl.sysctl.syn_cookies_test

import data.guestctl.lib.sysctl_test
import data.guestctl.sysctl.syn_cookies

pass := sysctl_test.files({"net.ipv4.tcp_syncookies": "1"})

fail := sysctl_test.files({"net.ipv4.tcp_syncookies": "0"})

test_pass if count(syn_cookies.deny) == 0 with input as pass

test_fail if {
	some finding in syn_cookies.deny with input as fail
	finding.msg == "net.ipv4.tcp_syncookies is 0, want 1 (/etc/sysctl.d/60-hardening.conf line 1)"
	finding.evidence == [sysctl_test.source]
}

test_kernel_default_fails if {
	found := syn_cookies.deny with input as sysctl_test.files({})
	{finding.msg | some finding in found} == {"no file sets net.ipv4.tcp_syncookies, want 1"}
}
