package guestctl.sysctl.address_randomization_test

import data.guestctl.lib.sysctl_test
import data.guestctl.sysctl.address_randomization

pass := sysctl_test.files({"kernel.randomize_va_space": "2"})

fail := sysctl_test.files({"kernel.randomize_va_space": "1"})

test_pass if count(address_randomization.deny) == 0 with input as pass

test_fail if {
	some finding in address_randomization.deny with input as fail
	finding.msg == "kernel.randomize_va_space is 1, want 2 (/etc/sysctl.d/60-hardening.conf line 1)"
	finding.evidence == [sysctl_test.source]
}

test_kernel_default_fails if {
	found := address_randomization.deny with input as sysctl_test.files({})
	{finding.msg | some finding in found} == {"no file sets kernel.randomize_va_space, want 2"}
}

test_guest_without_files_fails if count(address_randomization.deny) == 1 with input as {}

test_comment_after_the_value_is_no_number if {
	count(address_randomization.deny) == 1 with input as sysctl_test.files({"kernel.randomize_va_space": "2 # on"})
}

test_overridden_line_is_evidence if {
	lost := {"path": "/etc/sysctl.d/10-first.conf", "line": 4, "text": "kernel.randomize_va_space = 2", "value": "2"}
	late := {"sysctl": {"effective": {"kernel.randomize_va_space": {"value": "0", "source": sysctl_test.source, "shadowed": [lost]}}}}
	some finding in address_randomization.deny with input as late
	finding.evidence == [{"path": lost.path, "line": 4, "text": lost.text, "note": "overridden"}, sysctl_test.source]
}

test_accepted_values_may_be_texts if {
	count(address_randomization.deny) == 0 with input as pass with data.guestctl.params as {"sysctl-address-randomization": {"allowed": ["2"]}}
}
