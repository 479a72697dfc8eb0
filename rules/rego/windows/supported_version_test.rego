package guestctl.windows.supported_version_test

import data.guestctl.windows.supported_version

guest(build, day) := {
	"meta": {"now_day": day},
	"windows": {"build": build, "installation_type": "Server", "source": {"path": "/Windows/System32/config/SOFTWARE"}},
}

pass := guest(20348, 20780)

fail := guest(9600, 20780)

absent := json.patch(pass, [{"op": "replace", "path": "/windows/installation_type", "value": "Client"}])

test_pass if count(supported_version.deny) == 0 with input as pass

test_fail if {
	some finding in supported_version.deny with input as fail
	finding.msg == "Windows Server 2012 R2 had its last update on 2023-10-10"
}

# 2023-10-10 is day 19640.
test_the_last_day if {
	count(supported_version.deny) == 0 with input as guest(9600, 19640)
	count(supported_version.deny) == 1 with input as guest(9600, 19641)
	count(supported_version.deny) == 0 with input as guest(9600, 19641) with data.guestctl.params as {"windows-supported-version": {"extended_days": 365}}
}

test_older_versions if count(supported_version.deny) == 1 with input as guest(3790, 20780)

test_versions_that_are_not_known if {
	count(supported_version.unknown) == 1 with input as guest(19045, 20780)
	count(supported_version.unknown) == 0 with input as pass
}

test_clients if not supported_version.applicable with input as absent
