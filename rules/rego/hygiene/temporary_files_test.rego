package guestctl.hygiene.temporary_files_test

import data.guestctl.hygiene.temporary_files

pass := {"image_state": {"tmp_files": {"/tmp": 0, "/var/tmp": 0}}}

fail := {"image_state": {"tmp_files": {"/tmp": 0, "/var/tmp": 3}}}

test_pass if count(temporary_files.deny) == 0 with input as pass

test_fail if {
	some finding in temporary_files.deny with input as fail
	finding.msg == "/var/tmp has 3 files and directories in it, want at most 0"
	finding.evidence == ["/var/tmp"]
}

test_some_may_be_there if {
	count(temporary_files.deny) == 0 with input as fail with data.guestctl.params as {"hygiene-temporary-files": {"most": 3}}
}
