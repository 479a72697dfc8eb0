package guestctl.hygiene.package_caches_test

import data.guestctl.hygiene.package_caches

cache(bytes) := {"image_state": {"package_caches": [{"path": "/var/cache/dnf", "files": 3, "bytes": bytes}]}}

pass := cache(1048576)

fail := cache(1048577)

test_pass if count(package_caches.deny) == 0 with input as pass

test_fail if {
	some finding in package_caches.deny with input as fail
	finding.msg == "/var/cache/dnf has 3 files with 1048577 bytes, want at most 1048576"
	finding.evidence == ["/var/cache/dnf"]
}

test_no_caches if count(package_caches.deny) == 0 with input as {"image_state": {"package_caches": []}}

test_another_size if {
	count(package_caches.deny) == 1 with input as cache(1) with data.guestctl.params as {"hygiene-package-caches": {"max_bytes": 0}}
}
