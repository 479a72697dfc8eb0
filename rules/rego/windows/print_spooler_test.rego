package guestctl.windows.print_spooler_test

import data.guestctl.windows.print_spooler

service(name, start) := {"name": name, "start": start, "source": {"path": "/Windows/System32/config/SYSTEM", "text": name}}

guest(start) := {"windows_services": {"spooler": service("spooler", start)}}

pass := guest("disabled")

fail := guest("automatic")

test_pass if count(print_spooler.deny) == 0 with input as pass

test_fail if {
	some finding in print_spooler.deny with input as fail
	finding.msg == "spooler is not disabled: its start is automatic"
	finding.evidence == [{"path": "/Windows/System32/config/SYSTEM", "text": "spooler"}]
}

test_started_by_others if count(print_spooler.deny) == 1 with input as guest("manual")

test_not_there if count(print_spooler.deny) == 0 with input as {"windows_services": {}}

test_wanted if not print_spooler.applicable with data.guestctl.params as {"windows-print-spooler": {"wanted": true}}
