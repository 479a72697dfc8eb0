package guestctl.windows.defender_exclusions_test

import data.guestctl.windows.defender_exclusions

guest(paths, extensions) := {"windows_defender": {"service": "automatic", "exclusions": {"paths": [value(p) | some p in paths], "extensions": [value(e) | some e in extensions]}}}

value(text) := {"value": text, "source": {"path": "/Windows/System32/config/SOFTWARE"}}

pass := guest([`C:\Program Files\App\data`], ["log"])

fail := guest([`C:\`], [])

test_pass if count(defender_exclusions.deny) == 0 with input as pass

test_fail if {
	some finding in defender_exclusions.deny with input as fail
	finding.msg == `everything in C:\ is left out`
	finding.evidence == [{"path": "/Windows/System32/config/SOFTWARE"}]
}

test_broad_paths if {
	every path in [`c:`, `D:\*`, `*`, `C:\Windows`, `c:\windows\system32\`, `C:\Users`, `C:\Windows\Temp`, `%TEMP%`, `%SystemDrive%\`] {
		count(defender_exclusions.deny) == 1 with input as guest([path], [])
	}
}

test_endings if {
	every extension in ["exe", ".EXE", "*.dll", "ps1"] {
		count(defender_exclusions.deny) == 1 with input as guest([], [extension])
	}
}
