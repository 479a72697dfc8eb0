package guestctl.sysctl.protected_links_test

import data.guestctl.lib.sysctl_test
import data.guestctl.sysctl.protected_links

pass := sysctl_test.files({"fs.protected_symlinks": "1", "fs.protected_hardlinks": "1"})

fail := sysctl_test.files({"fs.protected_symlinks": "1", "fs.protected_hardlinks": "0"})

test_pass if count(protected_links.deny) == 0 with input as pass

test_fail if {
	some finding in protected_links.deny with input as fail
	finding.msg == "fs.protected_hardlinks is 0, want 1 (/etc/sysctl.d/60-hardening.conf line 1)"
	finding.evidence == [sysctl_test.source]
}

test_kernel_default_fails if {
	found := protected_links.deny with input as sysctl_test.files({})
	{finding.msg | some finding in found} == {"no file sets fs.protected_symlinks, want 1", "no file sets fs.protected_hardlinks, want 1"}
}
