package guestctl.windows.unneeded_services_test

import data.guestctl.windows.unneeded_services

service(name, start) := {"name": name, "start": start, "source": {"path": "/Windows/System32/config/SYSTEM", "text": name}}

guest(start) := {"windows_services": {"tlntsvr": service("TlntSvr", start)}}

pass := guest("disabled")

fail := guest("manual")

test_pass if count(unneeded_services.deny) == 0 with input as pass

test_fail if {
	some finding in unneeded_services.deny with input as fail
	finding.msg == "TlntSvr is not disabled: its start is manual"
	finding.fix == "sc.exe config tlntsvr start= disabled"
}

test_other_services if count(unneeded_services.deny) == 0 with input as {"windows_services": {"w3svc": service("W3SVC", "automatic")}}
