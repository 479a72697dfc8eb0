package guestctl.windows.event_logs_test

import data.guestctl.windows.event_logs

setting(value) := {"value": value, "source": {"path": "/Windows/System32/config/SYSTEM"}}

log(size) := {"max_size": setting(size), "retention": null}

guest(security) := {"windows_event_logs": {"Security": security, "Application": log(33554432), "System": log(33554432)}}

pass := guest(log(201326592))

fail := guest(log(20971520))

test_pass if count(event_logs.deny) == 0 with input as pass

test_fail if {
	some finding in event_logs.deny with input as fail
	finding.msg == "bytes of the log Security is 20971520, want at least 201326592 (/Windows/System32/config/SYSTEM)"
}

test_nothing_said if {
	count(event_logs.deny) == 1 with input as guest({"max_size": null, "retention": null})
	count(event_logs.deny) == 3 with input as {"windows_event_logs": {}}
}

test_a_log_that_stops if {
	some finding in event_logs.deny with input as guest({"max_size": setting(201326592), "retention": setting(-1)})
	finding.msg == "retention of the log Security is -1, want 0 (/Windows/System32/config/SYSTEM)"
}
