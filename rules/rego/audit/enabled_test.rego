package guestctl.audit.enabled_test

import data.guestctl.audit.enabled

guest(name, starts) := {
	"packages": {"manager": "dpkg", "installed": {name: [{"name": name, "version": "1", "state": "installed"}]}},
	"units": {"auditd.service": {"state": "enabled", "starts": starts, "alias_of": null, "source": {"path": "/usr/lib/systemd/system/auditd.service"}}},
}

pass := guest("auditd", "boot")

fail := guest("auditd", "")

test_pass if {
	count(enabled.deny) == 0 with input as pass
	count(enabled.deny) == 0 with input as guest("audit", "boot")
}

test_fail if {
	some finding in enabled.deny with input as fail
	finding.msg == "boot does not start auditd"
	finding.evidence == [{"path": "/usr/lib/systemd/system/auditd.service"}]
}

test_not_installed if {
	found := enabled.deny with input as guest("libaudit1", "boot")
	{finding.msg | some finding in found} == {"auditd is not installed"}
}

test_without_units if {
	some finding in enabled.deny with input as object.remove(pass, ["units"])
	finding.key == "unit"
}
