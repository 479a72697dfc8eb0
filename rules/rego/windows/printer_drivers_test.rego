package guestctl.windows.printer_drivers_test

import data.guestctl.windows.printer_drivers

setting(value) := {"value": value, "explicit": true, "source": {"path": "/Windows/System32/config/SOFTWARE"}}

pass := {"windows_security": {"system": {"restrict_driver_install": setting(1), "point_and_print_no_warning": setting(0)}}}

fail := json.patch(pass, [{"op": "replace", "path": "/windows_security/system/restrict_driver_install", "value": setting(0)}])

test_pass if count(printer_drivers.deny) == 0 with input as pass

# Each setting counts by itself, and one that nobody made is judged as Windows does then.
test_each_setting if {
	every path, bad in {"system/restrict_driver_install": 0, "system/point_and_print_no_warning": 1} {
		count(printer_drivers.deny) == 1 with input as json.patch(pass, [{"op": "replace", "path": sprintf("/windows_security/%s", [path]), "value": setting(bad)}])
	}
}

test_settings_that_nobody_made if {
	every path, found in {"system/restrict_driver_install": 0, "system/point_and_print_no_warning": 0} {
		count(printer_drivers.deny) == found with input as json.patch(pass, [{"op": "replace", "path": sprintf("/windows_security/%s", [path]), "value": null}])
	}
}

test_fail if {
	some finding in printer_drivers.deny with input as fail
	finding.evidence == [{"path": "/Windows/System32/config/SOFTWARE"}]
	contains(finding.msg, "(/Windows/System32/config/SOFTWARE)")
}
