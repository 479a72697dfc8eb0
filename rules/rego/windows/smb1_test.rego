package guestctl.windows.smb1_test

import data.guestctl.windows.smb1

setting(value) := {"value": value, "explicit": true, "source": {"path": "/Windows/System32/config/SYSTEM"}}

guest(server, driver) := {"windows_security": {"smb": {"smb1_server": server, "smb1_driver": driver}}}

pass := guest(setting(0), setting(4))

fail := guest(setting(1), setting(4))

test_pass if count(smb1.deny) == 0 with input as pass

test_fail if {
	some finding in smb1.deny with input as fail
	finding.msg == "SMB1 is 1, want 0 (/Windows/System32/config/SYSTEM)"
	finding.fix == `reg add "HKLM\SYSTEM\CurrentControlSet\Services\LanmanServer\Parameters" /v SMB1 /t REG_DWORD /d 0 /f`
}

test_not_installed if count(smb1.deny) == 0 with input as guest(null, null)

test_installed_and_nothing_said if {
	found := smb1.deny with input as guest(null, setting(2))
	{finding.key | some finding in found} == {"SMB1", "Start"}
}

test_off_and_the_driver_gone if count(smb1.deny) == 0 with input as guest(setting(0), null)
