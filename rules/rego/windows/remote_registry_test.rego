package guestctl.windows.remote_registry_test

import data.guestctl.windows.remote_registry

service(name, start) := {"name": name, "start": start, "source": {"path": "/Windows/System32/config/SYSTEM", "text": name}}

guest(start) := {"windows_services": {"remoteregistry": service("remoteregistry", start)}}

pass := guest("disabled")

fail := guest("automatic")

test_pass if count(remote_registry.deny) == 0 with input as pass

test_fail if {
	some finding in remote_registry.deny with input as fail
	finding.msg == "remoteregistry is not disabled: its start is automatic"
	finding.evidence == [{"path": "/Windows/System32/config/SYSTEM", "text": "remoteregistry"}]
}

test_started_by_others if count(remote_registry.deny) == 1 with input as guest("manual")

test_not_there if count(remote_registry.deny) == 0 with input as {"windows_services": {}}

test_wanted if not remote_registry.applicable with data.guestctl.params as {"windows-remote-registry": {"wanted": true}}
