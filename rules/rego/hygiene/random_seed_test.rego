package guestctl.hygiene.random_seed_test

import data.guestctl.hygiene.random_seed

path := "/var/lib/systemd/random-seed"

pass := {"image_state": {"random_seeds": [{"path": path, "size": 0}]}}

fail := {"image_state": {"random_seeds": [{"path": path, "size": 512}]}}

test_pass if count(random_seed.deny) == 0 with input as pass

test_fail if {
	some finding in random_seed.deny with input as fail
	finding.msg == "/var/lib/systemd/random-seed would be the seed of every machine (512 bytes)"
	finding.evidence == [path]
}
