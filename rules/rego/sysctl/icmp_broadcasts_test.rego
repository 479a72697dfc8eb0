package guestctl.sysctl.icmp_broadcasts_test

import data.guestctl.lib.sysctl_test
import data.guestctl.sysctl.icmp_broadcasts

pass := sysctl_test.files({"net.ipv4.icmp_echo_ignore_broadcasts": "1", "net.ipv4.icmp_ignore_bogus_error_responses": "1"})

fail := sysctl_test.files({"net.ipv4.icmp_echo_ignore_broadcasts": "1", "net.ipv4.icmp_ignore_bogus_error_responses": "0"})

test_pass if count(icmp_broadcasts.deny) == 0 with input as pass

test_fail if {
	some finding in icmp_broadcasts.deny with input as fail
	finding.msg == "net.ipv4.icmp_ignore_bogus_error_responses is 0, want 1 (/etc/sysctl.d/60-hardening.conf line 1)"
	finding.evidence == [sysctl_test.source]
}

test_kernel_default_fails if {
	found := icmp_broadcasts.deny with input as sysctl_test.files({})
	{finding.msg | some finding in found} == {"no file sets net.ipv4.icmp_echo_ignore_broadcasts, want 1", "no file sets net.ipv4.icmp_ignore_bogus_error_responses, want 1"}
}
