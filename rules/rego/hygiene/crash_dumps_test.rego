package guestctl.hygiene.crash_dumps_test

import data.guestctl.hygiene.crash_dumps

pass := {"image_state": {"crash": [{"path": "/var/crash/kexec_cmd", "size": 234}, {"path": "/var/crash/empty", "size": 0}]}}

fail := {"image_state": {"crash": [{"path": "/var/lib/systemd/coredump/core.nginx.zst", "size": 90000}]}}

test_pass if count(crash_dumps.deny) == 0 with input as pass

test_fail if {
	some finding in crash_dumps.deny with input as fail
	finding.msg == "/var/lib/systemd/coredump/core.nginx.zst is left of a crash (90000 bytes)"
	finding.evidence == ["/var/lib/systemd/coredump/core.nginx.zst"]
}
