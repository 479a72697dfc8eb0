package guestctl.windows.service_paths_test

import data.guestctl.windows.service_paths

guest(unquoted, start) := {"windows_services": {"app": {
	"name": "App",
	"start": start,
	"unquoted": unquoted,
	"image_path": `C:\Program Files\App\app.exe -k`,
	"source": {"path": "/Windows/System32/config/SYSTEM"},
}}}

pass := guest(false, "automatic")

fail := guest(true, "automatic")

test_pass if count(service_paths.deny) == 0 with input as pass

test_fail if {
	some finding in service_paths.deny with input as fail
	finding.msg == `the program of App has blanks in its path and no quotes: C:\Program Files\App\app.exe -k`
}

test_disabled if count(service_paths.deny) == 0 with input as guest(true, "disabled")
