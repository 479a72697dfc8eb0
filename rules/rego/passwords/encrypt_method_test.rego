package guestctl.passwords.encrypt_method_test

import data.guestctl.passwords.encrypt_method

method(value) := {"login_defs": {"ENCRYPT_METHOD": {"value": value, "explicit": true, "source": {"path": "/etc/login.defs", "line": 294}}}}

pass := method("YESCRYPT")

fail := method("MD5")

test_pass if {
	count(encrypt_method.deny) == 0 with input as pass
	count(encrypt_method.deny) == 0 with input as method("SHA512")
}

test_fail if {
	some finding in encrypt_method.deny with input as fail
	finding.msg == "ENCRYPT_METHOD is MD5, want YESCRYPT or SHA512 (/etc/login.defs line 294)"
	finding.evidence == [{"path": "/etc/login.defs", "line": 294}]
}

test_what_it_took_the_place_of if {
	shadowed := {"shadowed": [{"path": "/etc/login.defs", "line": 12, "value": "SHA512"}]}
	some finding in encrypt_method.deny with input as object.union(fail, {"login_defs": {"ENCRYPT_METHOD": shadowed}})
	finding.evidence[0].note == "overridden"
}

test_other_spellings_are_des if {
	every value in ["sha512", "yescrypt", "SHA256", "DES", ""] {
		count(encrypt_method.deny) == 1 with input as method(value)
	}
}

test_missing_is_des if {
	some finding in encrypt_method.deny with input as {"login_defs": {}}
	finding.msg == "ENCRYPT_METHOD is not set, want YESCRYPT or SHA512 (the default)"
}
