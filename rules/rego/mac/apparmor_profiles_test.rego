package guestctl.mac.apparmor_profiles_test

import data.guestctl.mac.apparmor_profiles

profile(name, mode) := {"name": name, "path": "/etc/apparmor.d/x", "mode": mode, "flags": [], "source": {"path": "/etc/apparmor.d/x", "line": 4}, "local": []}

guest(profiles) := {
	"apparmor": {"installed": true, "profiles": profiles},
	"selinux": {"mode": {"value": "absent"}},
	"os": {"id": "debian", "family": "debian"},
}

pass := guest([profile("/usr/sbin/ntpd", "enforce"), profile("ping", "complain")])

fail := guest([profile("/usr/sbin/ntpd", "disabled"), profile("ping", "unconfined")])

absent := object.union(fail, {"apparmor": {"installed": false}})

test_pass if count(apparmor_profiles.deny) == 0 with input as pass

test_fail if {
	found := apparmor_profiles.deny with input as fail
	{finding.msg | some finding in found} == {
		"the profile /usr/sbin/ntpd is disabled (/etc/apparmor.d/x line 4)",
		"the profile ping is unconfined (/etc/apparmor.d/x line 4)",
	}
	some finding in found
	finding.evidence == [{"path": "/etc/apparmor.d/x", "line": 4}]
}

test_other_modes_may_be_unwanted if {
	params := {"mac-apparmor-profiles": {"unwanted": ["disabled", "unconfined", "complain"], "except": []}}
	some finding in apparmor_profiles.deny with input as pass with data.guestctl.params as params
	finding.key == "ping"
}

test_profiles_that_are_left_out if {
	params := {"mac-apparmor-profiles": {"unwanted": ["disabled", "unconfined"], "except": ["ping", "/usr/sbin/ntpd"]}}
	count(apparmor_profiles.deny) == 0 with input as fail with data.guestctl.params as params
}

test_not_applicable if {
	not apparmor_profiles.applicable with input as absent
	apparmor_profiles.skip_reason == "AppArmor is not installed" with input as absent
	selinux := object.union(fail, {"os": {"family": "rhel"}})
	not apparmor_profiles.applicable with input as selinux
	apparmor_profiles.skip_reason == "SELinux is the guest's access control" with input as selinux
	apparmor_profiles.applicable with input as fail
}
