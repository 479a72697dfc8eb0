package guestctl.users.home_directories_test

import data.guestctl.users.home_directories

user(fields) := object.union(
	{
		"name": "bob",
		"uid": 1001,
		"gid": 1001,
		"home": "/home/bob",
		"interactive": true,
		"login_shell": true,
		"home_exists": true,
		"home_mode": "0750",
		"home_uid": 1001,
		"source": {"path": "/etc/passwd", "line": 25},
	},
	fields,
)

guest(fields) := {"users": [user(fields)]}

pass := guest({})

fail := guest({"home_mode": "0755"})

test_pass if {
	count(home_directories.deny) == 0 with input as pass
	count(home_directories.unknown) == 0 with input as pass
}

test_fail if {
	some finding in home_directories.deny with input as fail
	finding.msg == "/home/bob has mode 0755, want mode 0750 or stricter, owner bob"
	finding.evidence == [{"path": "/home/bob"}]
	finding.fix == "chmod 0750 /home/bob"
}

test_a_stricter_mode_is_a_matter_of_bits if {
	count(home_directories.deny) == 0 with input as guest({"home_mode": "0700"})
	count(home_directories.deny) == 1 with input as guest({"home_mode": "0704"})
}

test_a_home_of_somebody_else if {
	some finding in home_directories.deny with input as guest({"home_uid": 4711})
	finding.msg == "/home/bob has owner 4711, want mode 0750 or stricter, owner bob"
	finding.fix == "chown bob /home/bob"
}

missing := {"home_exists": false, "home_mode": "", "home_uid": null}

test_no_home if {
	some finding in home_directories.deny with input as guest(missing)
	finding.msg == `the home of bob, "/home/bob", is no directory`
	count(home_directories.deny) == 1 with input as guest(missing)
}

unread := {"home_exists": null, "home_mode": "", "home_uid": null}

test_a_home_on_a_missing_volume_is_unknown if {
	count(home_directories.deny) == 0 with input as guest(unread)
	some reason in home_directories.unknown with input as guest(unread)
	reason.msg == `the home of bob, "/home/bob", is on a volume that the disks do not hold`
}

test_a_fault_that_is_known_goes_before if {
	both := {"users": [user(unread), user({"name": "eve", "home": "/home/eve", "home_mode": "0777"})]}
	count(home_directories.deny) == 1 with input as both
	count(home_directories.unknown) == 0 with input as both
}

test_root_is_a_person_and_a_service_is_none if {
	root := {"name": "root", "uid": 0, "interactive": false, "home": "/root", "home_uid": 0, "home_mode": "0777"}
	count(home_directories.deny) == 1 with input as guest(root)
	count(home_directories.deny) == 0 with input as guest(object.union(root, {"uid": 101}))
	count(home_directories.deny) == 0 with input as guest(object.union(root, {"login_shell": false}))
}
