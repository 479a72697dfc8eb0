package guestctl.mac.apparmor_enabled_test

import data.guestctl.mac.apparmor_enabled

guest(mode, why) := {
	"apparmor": {"mode": {"value": mode, "explicit": false, "source": null}, "why": why, "installed": mode != "absent", "started": mode == "enabled", "kernel": [], "profiles": []},
	"selinux": {"mode": {"value": "absent", "explicit": false, "source": null}},
	"os": {"id": "debian", "family": "debian"},
}

pass := guest("enabled", "the kernel runs it and its unit is started")

fail := guest("absent", "apparmor_parser is not installed, which loads the profiles")

absent := object.union(fail, {"os": {"id": "rocky", "family": "rhel"}})

test_pass if count(apparmor_enabled.deny) == 0 with input as pass

test_fail if {
	some finding in apparmor_enabled.deny with input as fail
	finding.msg == "AppArmor is absent: apparmor_parser is not installed, which loads the profiles"
}

test_what_turns_it_off_is_told if {
	line := {"path": "/boot/grub/grub.cfg", "line": 111}
	off := object.union(guest("disabled", "apparmor=0 on the kernel's command line"), {"apparmor": {"kernel": [{"key": "apparmor", "value": "0", "source": line}]}})
	some finding in apparmor_enabled.deny with input as off
	line in finding.evidence
}

test_not_applicable_with_selinux if {
	not apparmor_enabled.applicable with input as absent
	not apparmor_enabled.applicable with input as object.union(fail, {"selinux": {"mode": {"value": "enforcing"}}})
	apparmor_enabled.applicable with input as object.union(fail, {"selinux": {"mode": {"value": "disabled"}}})
	apparmor_enabled.applicable with input as object.remove(fail, ["selinux"])
}
