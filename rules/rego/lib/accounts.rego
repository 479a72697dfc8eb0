# What checks share that look at accounts and their passwords.
package guestctl.lib.accounts

import data.guestctl.lib

# lets_in holds for an account to which a password, or none at all, is a way in. What passwd holds itself goes before shadow.
lets_in(user) if user.password_in_passwd in {"hash", "empty"}

lets_in(user) if {
	user.password_in_passwd == "x"
	user.shadow.state in {"hash", "empty"}
}

# shell_of is the login shell as the system takes it.
shell_of(user) := user.shell if user.shell != ""

shell_of(user) := "/bin/sh" if user.shell == ""

# setting_outside has a finding where a setting is no number in a range, such as {"min": 1, "max": 365}, or is not there.
setting_outside(settings, name, range) := {finding |
	value := object.get(settings, name, {"value": "not set", "source": null})
	not fits_text(value.value, range)
	finding := {
		"key": name,
		"msg": sprintf("%s is %s, want %s (%s)", [name, value.value, words(range), lib.origin(value)]),
		"actual": sprintf("%s %s", [name, value.value]),
		"expected": words(range),
		"evidence": lib.evidence(value),
	}
}

# days_outside has a finding for each account with the hash of a password whose days in shadow are not in a range.
days_outside(users, field, what, range) := {finding |
	some user in users
	user.shadow.state == "hash"
	not fits(user.shadow[field], range)
	finding := {
		"key": sprintf("%s at %s", [user.name, lib.origin(user)]),
		"msg": sprintf("the %s of %s is %s, want %s", [what, user.name, days(user.shadow[field]), words(range)]),
		"actual": sprintf("%s: %s", [user.name, days(user.shadow[field])]),
		"expected": words(range),
		"evidence": [user.shadow.source],
	}
}

days(n) := sprintf("%d days", [n]) if is_number(n)

days(n) := "not set" if is_null(n)

fits_text(text, range) if fits(lib.number(text), range)

fits(n, range) if {
	is_number(n)
	n >= object.get(range, "min", n)
	n <= object.get(range, "max", n)
}

words(range) := sprintf("%v to %v", [range.min, range.max])

words(range) := sprintf("at least %v", [range.min]) if not range.max
