# What checks of Windows share.
package guestctl.lib.windows

import data.guestctl.lib

# The keys of the registry that several checks name.
lsa := `HKLM\SYSTEM\CurrentControlSet\Control\Lsa`

system_policies := `HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Policies\System`

winlogon := `HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion\Winlogon`

terminal_services := `HKLM\SOFTWARE\Policies\Microsoft\Windows NT\Terminal Services`

tcpip := `HKLM\SYSTEM\CurrentControlSet\Services\Tcpip`

# other has a finding where a setting is not as wanted: {"name": "NoLMHash", "equals": 1}, or with "min", "max" or "in" for equals. Null is a
# setting that nobody made; it is not as wanted either, unless want says "unset": true, for what every version of Windows does by itself.
# The path of its key, as "key", makes the command that mends it; "data" is what that writes where it is not the value itself.
other(value, want) := {finding |
	not fits(value, want)
	finding := {
		"key": want.name,
		"msg": sprintf("%s is %s, want %s (%s)", [want.name, shown(value), wanted(want), origin(value)]),
		"actual": sprintf("%s %s", [want.name, shown(value)]),
		"expected": sprintf("%s %s", [want.name, wanted(want)]),
		"evidence": evidence(value),
		"fix": command(want),
	}
}

fits(value, want) if {
	is_null(value)
	want.unset
}

fits(value, want) if within(value.value, want)

within(v, want) if v == want.equals

within(v, want) if v in want["in"]

within(v, want) if {
	object.keys(want) & {"min", "max"} != set()
	v >= object.get(want, "min", v)
	v <= object.get(want, "max", v)
}

shown(value) := "not set" if is_null(value)

shown(value) := plain(value.value) if not is_null(value)

# plain is a value for people. Large numbers keep all of their digits.
plain(v) := format_int(v, 10) if is_number(v)

plain(v) := sprintf("%v", [v]) if not is_number(v)

origin(value) := "nobody set it" if is_null(value)

origin(value) := lib.origin(value) if not is_null(value)

evidence(value) := [] if is_null(value)

evidence(value) := lib.evidence(value) if not is_null(value)

wanted(want) := plain(want.equals) if "equals" in object.keys(want)

wanted(want) := concat(" or ", [plain(v) | some v in want["in"]]) if want["in"]

wanted(want) := sprintf("%s to %s", [plain(want.min), plain(want.max)])

wanted(want) := sprintf("at least %s", [plain(want.min)]) if not "max" in object.keys(want)

wanted(want) := sprintf("at most %s", [plain(want.max)]) if not "min" in object.keys(want)

command(want) := sprintf(`reg add "%s" /v %s /t REG_DWORD /d %s /f`, [want.key, want.name, plain(data_of(want))]) if want.key

command(want) := null if not want.key

data_of(want) := want.data

data_of(want) := want.equals if {
	not "data" in object.keys(want)
	is_number(want.equals)
}

data_of(want) := want["in"][0] if not "data" in object.keys(want)

data_of(want) := want.min if {
	not "data" in object.keys(want)
	not "max" in object.keys(want)
}

data_of(want) := want.max if not "data" in object.keys(want)

# running has a finding for each service of some names, in lower case, that starts by itself or when something asks for it.
running(services, names) := {finding |
	some name in names
	service := services[name]
	service.start != "disabled"
	finding := {
		"key": name,
		"msg": sprintf("%s is not disabled: its start is %s", [service.name, start_of(service)]),
		"actual": sprintf("%s %s", [service.name, start_of(service)]),
		"expected": sprintf("%s disabled", [service.name]),
		"evidence": [service.source],
		"fix": sprintf("sc.exe config %s start= disabled", [name]),
	}
}

start_of(service) := service.start if service.start != ""

start_of(service) := "not written" if service.start == ""

# enabled lists the accounts that may log on.
enabled(accounts) := [user | some user in accounts.users; not user.disabled]

# account is a finding about an account.
account(user, msg, expected) := {
	"key": user.name,
	"msg": msg,
	"actual": msg,
	"expected": expected,
	"evidence": [user.source],
}
