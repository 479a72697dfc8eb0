package guestctl.updates.apt_signed_test

import data.guestctl.lib.apt
import data.guestctl.updates.apt_signed

source(enabled, trusted, options) := {
	"types": ["deb"],
	"uris": ["http://deb.example.org/debian"],
	"suites": ["bookworm"],
	"enabled": enabled,
	"trusted": trusted,
	"options": options,
	"source": {"path": "/etc/apt/sources.list", "line": 1},
}

guest(sources, conf) := {"apt": {"sources": sources, "conf": conf}}

setting(value) := {"value": value, "explicit": true, "source": {"path": "/etc/apt/apt.conf.d/10weak", "line": 1}}

pass := guest([source(true, null, {}), source(false, true, {"allow-insecure": "yes"})], {"apt::get::allowunauthenticated": setting("false")})

fail := guest([source(true, true, {})], {"apt::get::allowunauthenticated": setting("true")})

test_pass if count(apt_signed.deny) == 0 with input as pass

test_fail if {
	found := apt_signed.deny with input as fail
	{finding.msg | some finding in found} == {
		"http://deb.example.org/debian is taken without a signature: trusted=yes (/etc/apt/sources.list line 1)",
		"apt::get::allowunauthenticated is true (/etc/apt/apt.conf.d/10weak line 1)",
	}
	some finding in found
	finding.evidence == [{"path": "/etc/apt/sources.list", "line": 1}]
}

test_options_of_a_source if {
	some finding in apt_signed.deny with input as guest([source(true, false, {"allow-insecure": "yes"})], {})
	finding.actual == "allow-insecure=yes"
	count(apt_signed.deny) == 0 with input as guest([source(true, null, {"allow-insecure": "no"})], {})
	count(apt_signed.deny) == 0 with input as guest([object.remove(source(true, null, {}), ["options"])], {})
}

test_other_settings if count(apt_signed.deny) == 1 with input as guest([], {"acquire::allowinsecurerepositories": setting("1")})

test_what_apt_takes_for_yes if {
	every text in ["yes", "TRUE", "with", "on", "enable", "1", "10"] {
		apt.on(text)
	}
	every text in ["no", "false", "without", "off", "disable", "0", "00", "", "maybe"] {
		not apt.on(text)
	}
}
