package guestctl.windows.tls_versions_test

import data.guestctl.windows.tls_versions

setting(value) := {"value": value, "source": {"path": "/Windows/System32/config/SYSTEM"}}

guest(versions) := {"windows_security": {"schannel": {version: {"server": {"enabled": value}} | some version, value in versions}}}

pass := guest({"TLS 1.0": setting(0), "TLS 1.1": setting(0), "SSL 3.0": null})

fail := guest({"TLS 1.0": setting(1), "TLS 1.1": setting(0)})

test_pass if count(tls_versions.deny) == 0 with input as pass

test_fail if {
	some finding in tls_versions.deny with input as fail
	finding.msg == "TLS 1.0 of the server: Enabled is 1, want 0 (/Windows/System32/config/SYSTEM)"
	finding.fix == `reg add "HKLM\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL\Protocols\TLS 1.0\Server" /v Enabled /t REG_DWORD /d 0 /f`
}

test_nothing_said if {
	found := tls_versions.deny with input as guest({})
	{finding.key | some finding in found} == {"TLS 1.0", "TLS 1.1"}
}

test_turned_on if {
	every version in ["SSL 2.0", "SSL 3.0"] {
		count(tls_versions.deny) == 1 with input as guest({"TLS 1.0": setting(0), "TLS 1.1": setting(0), version: setting(4294967295)})
	}
}
