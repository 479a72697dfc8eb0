package guestctl.sysctl.perf_events_test

import data.guestctl.lib.sysctl_test
import data.guestctl.sysctl.perf_events

pass := sysctl_test.files({"kernel.perf_event_paranoid": "2"})

fail := sysctl_test.files({"kernel.perf_event_paranoid": "1"})

test_pass if count(perf_events.deny) == 0 with input as pass

test_fail if {
	some finding in perf_events.deny with input as fail
	finding.msg == "kernel.perf_event_paranoid is 1, want 2 or 3 or 4 (/etc/sysctl.d/60-hardening.conf line 1)"
	finding.evidence == [sysctl_test.source]
}

test_kernel_default_fails if {
	found := perf_events.deny with input as sysctl_test.files({})
	{finding.msg | some finding in found} == {"no file sets kernel.perf_event_paranoid, want 2 or 3 or 4"}
}

test_negative_number_fails if count(perf_events.deny) == 1 with input as sysctl_test.files({"kernel.perf_event_paranoid": "-1"})
