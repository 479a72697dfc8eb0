package guestctl.hygiene.subscription_test

import data.guestctl.hygiene.subscription

token := "/var/lib/ubuntu-advantage/private/machine-token.json"

pass := {
	"image_state": {"rhsm": [{"path": "/var/lib/rhsm/productid.js"}]},
	"globs": {token: {"paths": [], "files": []}},
}

fail := object.union(pass, {"image_state": {"rhsm": [{"path": "/etc/pki/consumer/cert.pem"}]}})

test_pass if count(subscription.deny) == 0 with input as pass

test_fail if {
	some finding in subscription.deny with input as fail
	finding.msg == "/etc/pki/consumer/cert.pem is of a registered machine"
	finding.evidence == ["/etc/pki/consumer/cert.pem"]
}

test_ubuntu_pro if {
	some finding in subscription.deny with input as object.union(pass, {"globs": {token: {"files": [{"path": token, "type": "file", "size": 900}]}}})
	finding.key == token
}
