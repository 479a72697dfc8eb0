package guestctl.sysctl.protected_fifos_test

import data.guestctl.lib.sysctl_test
import data.guestctl.sysctl.protected_fifos

pass := sysctl_test.files({"fs.protected_fifos": "1", "fs.protected_regular": "1"})

fail := sysctl_test.files({"fs.protected_fifos": "1", "fs.protected_regular": "0"})

test_pass if count(protected_fifos.deny) == 0 with input as pass

test_fail if {
	some finding in protected_fifos.deny with input as fail
	finding.msg == "fs.protected_regular is 0, want 1 or 2 (/etc/sysctl.d/60-hardening.conf line 1)"
	finding.evidence == [sysctl_test.source]
}

test_kernel_default_fails if {
	found := protected_fifos.deny with input as sysctl_test.files({})
	{finding.msg | some finding in found} == {"no file sets fs.protected_fifos, want 1 or 2", "no file sets fs.protected_regular, want 1 or 2"}
}
