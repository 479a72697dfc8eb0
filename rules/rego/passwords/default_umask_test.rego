package guestctl.passwords.default_umask_test

import data.guestctl.passwords.default_umask

umask(mode, path) := {"value": mode, "mode": mode, "source": {"path": path, "line": 1}}

rule(options) := {
	"module": "pam_umask.so",
	"options": options,
	"reachable": true,
	"source": {"path": "/etc/pam.d/common-session", "line": 25},
}

pam(rules) := {"services": {"login": {"session": rules}}}

guest(umasks, rules, defs) := {
	"profile": {"umask": umasks},
	"pam": pam(rules),
	"login_defs": {"UMASK": {"value": defs, "explicit": true, "source": {"path": "/etc/login.defs", "line": 151}}},
}

hardened := umask("0027", "/etc/profile.d/hardening.sh")

pass := guest([hardened], [rule({})], "027")

fail := guest([hardened], [rule({})], "022")

test_pass if {
	count(default_umask.deny) == 0 with input as pass
	count(default_umask.unknown) == 0 with input as pass
}

test_fail if {
	some finding in default_umask.deny with input as fail
	finding.msg == "UMASK is 022, want 027 or stricter (/etc/login.defs line 151)"
	finding.evidence == [{"path": "/etc/login.defs", "line": 151}]
}

test_the_weakest_counts if {
	some finding in default_umask.deny with input as guest([umask("0077", "/etc/profile"), umask("0022", "/etc/bash.bashrc")], [], "077")
	finding.msg == "umask is 0022, want 027 or stricter (/etc/bash.bashrc line 1)"
}

test_masks_are_bits if {
	every mode in ["27", "027", "0027", "077", "0777", "037"] {
		count(default_umask.deny) == 0 with input as guest([hardened], [], mode)
	}
	every mode in ["0", "7", "022", "026", "070", "050", "not octal", "028", "027 # tight"] {
		count(default_umask.deny) == 1 with input as guest([hardened], [], mode)
	}
}

test_an_option_of_pam_umask if {
	some finding in default_umask.deny with input as guest([hardened], [rule({"umask": "0022"})], "027")
	finding.msg == "umask of pam_umask is 0022, want 027 or stricter (/etc/pam.d/common-session line 25)"
	count(default_umask.deny) == 0 with input as guest([], [rule({"umask": "0027"})], "027")
}

test_a_rule_that_never_runs if {
	never := object.union(rule({"umask": "0022"}), {"reachable": false})
	count(default_umask.deny) == 0 with input as guest([hardened], [never], "027")
	some finding in default_umask.deny with input as guest([], [never], "027")
	finding.msg == "no start-up file of the shells and no pam_umask sets a umask, want 027 or stricter"
}

test_other_modules_set_none if {
	other := object.union(rule({"umask": "0077"}), {"module": "pam_mkhomedir.so"})
	count(default_umask.deny) == 1 with input as guest([], [other], "027")
}

test_login_defs_alone_sets_none_and_neither_does_root if {
	count(default_umask.deny) == 1 with input as guest([], [], "027")
	count(default_umask.deny) == 1 with input as guest([umask("0077", "/root/.bashrc")], [], "027")
}

test_umask_is_missing_in_login_defs if {
	some finding in default_umask.deny with input as json.remove(pass, ["/login_defs/UMASK"])
	finding.msg == "UMASK is not set, want 027 or stricter (the default)"
}

test_a_guest_without_pam_and_login_defs if {
	count(default_umask.deny) == 0 with input as {"profile": {"umask": [hardened]}}
	count(default_umask.deny) == 1 with input as {"profile": {"umask": []}}
}

test_pam_umask_without_login_defs if {
	some finding in default_umask.deny with input as json.remove(pass, ["/login_defs"])
	finding.msg == "UMASK is not set, want 027 or stricter (the default)"
}

symbolic := {"value": "g-w", "mode": "", "source": {"path": "/etc/profile", "line": 9}}

test_a_command_that_depends_on_the_shell_is_unknown if {
	count(default_umask.deny) == 0 with input as guest([symbolic], [], "027")
	some reason in default_umask.unknown with input as guest([symbolic], [], "027")
	reason.msg == "umask g-w cannot be worked out (/etc/profile line 9)"
	count(default_umask.unknown) == 0 with input as guest([symbolic], [], "022")
}
