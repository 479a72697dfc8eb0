package guestctl.packages.no_graphical_desktop_test

import data.guestctl.packages.no_graphical_desktop

one(name) := {
	"name": name,
	"version": "2:21.1.7-3",
	"state": "installed",
	"provides": [{"name": sprintf("%s-virtual", [name])}],
	"source": {"path": "/var/lib/dpkg/status", "line": 40},
}

guest(installed) := {"packages": {"manager": "dpkg", "installed": installed}}

pass := guest({"openssh-client": [one("openssh-client")]})

fail := guest({"openssh-client": [one("openssh-client")], "xserver-common": [one("xserver-common")]})

test_pass if count(no_graphical_desktop.deny) == 0 with input as pass

test_fail if {
	some finding in no_graphical_desktop.deny with input as fail
	finding.msg == "xserver-common 2:21.1.7-3 is installed"
	finding.evidence == [{"path": "/var/lib/dpkg/status", "line": 40}]
	finding.fix == "apt purge xserver-common"
}

test_names_of_other_families if {
	installed := {"xorg-x11-server-common": [one("xorg-x11-server-common")], "gdm": [one("gdm")]}
	{finding.key | some finding in no_graphical_desktop.deny} == {"xorg-x11-server-common", "gdm"} with input as guest(installed)
}

test_any_display_manager_counts if {
	slim := object.union(one("slim"), {"provides": [{"name": "x-display-manager"}]})
	{finding.key | some finding in no_graphical_desktop.deny} == {"slim"} with input as guest({"slim": [slim]})
}
