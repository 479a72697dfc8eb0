package guestctl.windows.memory_protection_test

import data.guestctl.windows.memory_protection

setting(value) := {"value": value, "explicit": true, "source": {"path": "/Windows/System32/config/SYSTEM"}}

pass := {"windows_security": {"system": {"safe_dll_search_mode": setting(1), "disable_exception_chain_validation": setting(0)}}}

fail := json.patch(pass, [{"op": "replace", "path": "/windows_security/system/safe_dll_search_mode", "value": setting(0)}])

test_pass if count(memory_protection.deny) == 0 with input as pass

# Each setting counts by itself, and one that nobody made is judged as Windows does then.
test_each_setting if {
	every path, bad in {"system/safe_dll_search_mode": 0, "system/disable_exception_chain_validation": 1} {
		count(memory_protection.deny) == 1 with input as json.patch(pass, [{"op": "replace", "path": sprintf("/windows_security/%s", [path]), "value": setting(bad)}])
	}
}

test_fail if {
	some finding in memory_protection.deny with input as fail
	finding.evidence == [{"path": "/Windows/System32/config/SYSTEM"}]
	contains(finding.msg, "(/Windows/System32/config/SYSTEM)")
}
