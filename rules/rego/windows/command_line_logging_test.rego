package guestctl.windows.command_line_logging_test

import data.guestctl.windows.command_line_logging

setting(value) := {"value": value, "explicit": true, "source": {"path": "/Windows/System32/config/SOFTWARE"}}

pass := {"windows_security": {"system": {"process_creation_command_line": setting(1)}}}

fail := json.patch(pass, [{"op": "replace", "path": "/windows_security/system/process_creation_command_line", "value": setting(0)}])

test_pass if count(command_line_logging.deny) == 0 with input as pass

# Each setting counts by itself, and one that nobody made is judged as Windows does then.
test_each_setting if {
	every path, bad in {"system/process_creation_command_line": 0} {
		count(command_line_logging.deny) == 1 with input as json.patch(pass, [{"op": "replace", "path": sprintf("/windows_security/%s", [path]), "value": setting(bad)}])
	}
}

test_settings_that_nobody_made if {
	every path, found in {"system/process_creation_command_line": 1} {
		count(command_line_logging.deny) == found with input as json.patch(pass, [{"op": "replace", "path": sprintf("/windows_security/%s", [path]), "value": null}])
	}
}

test_fail if {
	some finding in command_line_logging.deny with input as fail
	finding.evidence == [{"path": "/Windows/System32/config/SOFTWARE"}]
	contains(finding.msg, "(/Windows/System32/config/SOFTWARE)")
}
