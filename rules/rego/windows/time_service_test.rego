package guestctl.windows.time_service_test

import data.guestctl.windows.time_service

service(name, start) := {"name": name, "start": start, "source": {"path": "/Windows/System32/config/SYSTEM", "text": name}}

guest(start) := {"windows_services": {"w32time": service("W32Time", start)}}

pass := guest("manual")

fail := guest("disabled")

test_pass if count(time_service.deny) == 0 with input as pass

test_fail if {
	some finding in time_service.deny with input as fail
	finding.msg == "the time service is disabled"
}

test_not_installed if {
	some finding in time_service.deny with input as {"windows_services": {}}
	finding.msg == "the time service is not installed"
}
