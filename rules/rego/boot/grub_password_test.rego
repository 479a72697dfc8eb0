package guestctl.boot.grub_password_test

import data.guestctl.boot.grub_password

guest(superusers, users) := {"boot": {"loader": "grub2", "grub": {
	"cfg": "/boot/grub/grub.cfg",
	"superusers": superusers,
	"superusers_source": {"path": "/boot/grub/grub.cfg", "line": 168},
	"password_users": users,
}}}

user(name, kind) := {"name": name, "kind": kind, "source": {"path": "/boot/grub/grub.cfg", "line": 169}}

pass := guest(["admin"], [user("admin", "pbkdf2")])

fail := guest([], [])

absent := {"boot": {"loader": "systemd-boot", "grub": null}}

test_pass if {
	count(grub_password.deny) == 0 with input as pass
	count(grub_password.unknown) == 0 with input as pass
}

test_fail if {
	some finding in grub_password.deny with input as fail
	finding.msg == "GRUB has no superusers: everybody may edit its entries"
	finding.evidence == [{"path": "/boot/grub/grub.cfg"}]
}

test_every_superuser_needs_a_hash if {
	some finding in grub_password.deny with input as guest(["admin", "ops"], [user("admin", "pbkdf2")])
	finding.msg == "the superuser ops has no password that is stored as a PBKDF2 hash"
	finding.evidence == [{"path": "/boot/grub/grub.cfg", "line": 168}]
}

test_another_user_does_not_count if count(grub_password.deny) == 1 with input as guest(["admin"], [user("guest", "pbkdf2")])

test_plain_passwords if {
	found := grub_password.deny with input as guest(["admin"], [user("admin", "plain")])
	{finding.key | some finding in found} == {"admin", "admin plain"}
	some other in grub_password.deny with input as guest(["admin"], [user("admin", "pbkdf2"), user("guest", "plain")])
	other.msg == "the password of guest is stored as it is (/boot/grub/grub.cfg line 169)"
}

test_what_only_a_running_grub_knows if {
	maybe := guest(["admin"], [object.union(user("admin", "pbkdf2"), {"maybe": true})])
	some reason in grub_password.unknown with input as maybe
	reason.msg == "only a running GRUB knows whether admin has a password"
	count(grub_password.deny) == 0 with input as maybe
}

test_not_applicable if {
	not grub_password.applicable with input as absent
	grub_password.applicable with input as fail
}
