package guestctl.sudo.use_pty_test

import data.guestctl.sudo.use_pty

sudo(version) := {"sudo": [{"name": "sudo", "version": version, "state": "installed", "source": {"path": "/var/lib/dpkg/status", "line": 7}}]}

guest(version, defaults, scoped) := {
	"packages": {"manager": "dpkg", "installed": sudo(version)},
	"sudoers": {"defaults": defaults, "scoped_defaults": scoped},
}

flag(value) := {"use_pty": {"value": value, "explicit": true, "source": {"path": "/etc/sudoers", "line": 15}}}

pass := guest("1.9.13p3-1+deb12u1", flag("true"), [])

fail := guest("1.9.13p3-1+deb12u1", flag("false"), [])

test_pass if count(use_pty.deny) == 0 with input as pass

test_fail if {
	some finding in use_pty.deny with input as fail
	finding.msg == "use_pty is turned off (/etc/sudoers line 15)"
	finding.evidence == [{"path": "/etc/sudoers", "line": 15}]
}

test_not_installed if {
	found := use_pty.deny with input as {"packages": {"manager": "dpkg", "installed": {}}}
	{finding.msg | some finding in found} == {"sudo is not installed"}
}

test_no_file_at_all if {
	some finding in use_pty.deny with input as object.remove(pass, ["sudoers"])
	finding.msg == "nothing sets use_pty, and sudo 1.9.13p3-1+deb12u1 does not by itself"
}

test_on_by_itself_in_newer_ones if {
	count(use_pty.deny) == 0 with input as guest("1.9.16p2-3", {}, [])
	count(use_pty.deny) == 1 with input as guest("1.9.16p2-3", flag("false"), [])
	count(use_pty.deny) == 1 with input as guest("1.9.13p3-1", {}, [])
}

test_defaults_for_some if {
	line := {"scope": "user", "names": ["bob"], "key": "use_pty", "value": "false", "source": {"path": "/etc/sudoers", "line": 18}}
	some finding in use_pty.deny with input as guest("1.9.13p3-1", flag("true"), [line])
	finding.msg == "use_pty is turned off for the user bob (/etc/sudoers line 18)"
}
