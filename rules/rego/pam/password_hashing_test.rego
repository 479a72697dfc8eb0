package guestctl.pam.password_hashing_test

import data.guestctl.lib.pam_test as example
import data.guestctl.pam.password_hashing

unix(args) := example.rule("/etc/pam.d/common-password", 3, "[success=1 default=ignore]", "pam_unix.so", args)

guest(args) := {
	"pam": {"services": {"passwd": example.service("passwd", {"password": [unix(args)]})}},
	"login_defs": {"ENCRYPT_METHOD": example.written("SHA512", "/etc/login.defs", 294)},
}

pass := guest(["obscure", "use_authtok", "yescrypt"])

fail := guest(["md5"])

absent := {"pam": {"services": {}}}

test_pass if count(password_hashing.deny) == 0 with input as pass

test_fail if {
	some finding in password_hashing.deny with input as fail
	finding.msg == "pam_unix.so hashes with md5, want yescrypt or sha512 (/etc/pam.d/common-password line 3)"
	finding.evidence == [{"path": "/etc/pam.d/common-password", "line": 3}]
}

test_the_last_method_decides if {
	count(password_hashing.deny) == 1 with input as guest(["yescrypt", "sha256"])
	count(password_hashing.deny) == 0 with input as guest(["md5", "sha512"])
}

test_login_defs_where_the_rule_says_nothing if {
	count(password_hashing.deny) == 0 with input as guest(["obscure"])
	weak := object.union(guest(["obscure"]), {"login_defs": {"ENCRYPT_METHOD": example.written("MD5", "/etc/login.defs", 13)}})
	some finding in password_hashing.deny with input as weak
	finding.msg == "pam_unix.so hashes with md5, want yescrypt or sha512 (/etc/login.defs line 13)"
	finding.evidence == [{"path": "/etc/pam.d/common-password", "line": 3}, {"path": "/etc/login.defs", "line": 13}]
}

test_nobody_says if {
	some finding in password_hashing.deny with input as object.remove(guest(["obscure"]), ["login_defs"])
	finding.msg == "pam_unix.so hashes with des, want yescrypt or sha512 (nothing says otherwise)"
}

test_other_methods_may_be_allowed if {
	count(password_hashing.deny) == 0 with input as guest(["blowfish"])
		with data.guestctl.params as {"pam-password-hashing": {"services": ["passwd"], "allowed": ["blowfish"]}}
}

test_not_applicable if not password_hashing.applicable with input as absent
