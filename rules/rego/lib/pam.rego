# What the checks of PAM share. A module counts where some outcome of the modules before it lets it run.
package guestctl.lib.pam

import data.guestctl.lib

# stacks gives the stacks of one kind of some services that ask for a password of the guest itself, or set one: pam_unix.so runs in
# them.
stacks(pam, services, kind) := {service: stack |
	some service in services
	stack := pam.services[service][kind]
	count(running(stack, ["pam_unix.so"])) > 0
}

# running lists the rules of some modules that can run.
running(stack, modules) := [rule |
	some rule in stack
	rule.module in modules
	rule.reachable
]

# ahead lists those of them before pam_unix.so, and behind those after it.
ahead(stack, modules) := [rule |
	some i, rule in stack
	rule.module in modules
	rule.reachable
	not asked(stack, i)
]

behind(stack, modules) := [rule |
	some i, rule in stack
	rule.module in modules
	rule.reachable
	asked(stack, i)
]

asked(stack, at) if {
	some i, rule in stack
	i < at
	rule.module == "pam_unix.so"
	rule.reachable
}

# enforces reports whether the stack fails when the rule does.
enforces(rule) if lower(rule.control) in {"required", "requisite"}

enforces(rule) if regex.match(`\bdefault=(bad|die)\b`, lower(rule.control))

# option is what a module is told: by its rule, else by its file, else by nobody, which is null.
option(rule, settings, key) := {"value": rule.options[key], "source": rule.source} if {
	rule.options[key]
} else := settings[key] if {
	settings[key]
} else := {"value": null, "source": null}

# within reports whether an option is a number from least to most.
within(option, least, most) if {
	is_string(option.value)
	lib.between(option.value, least, most)
}

# unmet is the finding about an option that is not as wanted.
unmet(key, option, wanted) := {
	"msg": sprintf("nothing sets %s, want %s", [key, wanted]),
	"actual": sprintf("%s is not set", [key]),
	"expected": sprintf("%s %s", [key, wanted]),
	"evidence": [],
	"key": key,
} if {
	is_null(option.value)
}

unmet(key, option, wanted) := {
	"msg": sprintf("%s is %s, want %s (%s)", [key, option.value, wanted, lib.origin(option)]),
	"actual": sprintf("%s %s", [key, option.value]),
	"expected": sprintf("%s %s", [key, wanted]),
	"evidence": lib.evidence(option),
	"key": key,
} if {
	not is_null(option.value)
}

# without is the finding about services whose stacks are given, in which a module does not run where it should.
without(stacks, what) := {
	"msg": sprintf("%s: %s", [names, what]),
	"actual": what,
	"expected": "it runs, and a failure of it counts",
	"evidence": [rule.source | some stack in stacks; some rule in running(stack, ["pam_unix.so"])],
	"key": what,
} if {
	count(stacks) > 0
	names := concat(", ", sort(object.keys(stacks)))
}

# judged_elsewhere tells of a module whose settings the facts do not hold.
judged_elsewhere(rule) := {
	"msg": sprintf("%s judges passwords by rules of its own, which the facts do not hold", [rule.module]),
	"evidence": [rule.source],
}
