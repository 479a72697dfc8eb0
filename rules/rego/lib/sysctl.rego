# What the checks of the kernel's parameters share. They ask for a value that is written down: what no file sets is left to the
# kernel's default, which another kernel may have otherwise.
package guestctl.lib.sysctl

import data.guestctl.lib

# both are the keys of a parameter of the network for all interfaces, and for those to come.
both(family, name) := [sprintf("net.%s.conf.%s.%s", [family, of, name]) | some of in ["all", "default"]]

# wrong finds the keys that no file sets at boot, or sets to a number that is none of the accepted ones. Without files there
# are no parameters at all.
wrong(parameters, keys, accepted) := [finding |
	some key in keys
	finding := object.union(fault(object.get(parameters, ["effective", key], null), key, accepted), unapplied(parameters, key))
]

# unapplied is what to tell when boot applies no file, because the unit that does is masked. The value of a key may still come
# from elsewhere.
unapplied(parameters, key) := {
	"msg": sprintf("no file sets %s: the unit that applies them is masked", [key]),
	"evidence": [{"path": mask.by} | some mask in parameters.masked; endswith(mask.path, ".service")],
} if {
	parameters.loader == ""
	not parameters.effective[key]
} else := {}

fault(value, key, accepted) := {
	"msg": sprintf("no file sets %s, want %s", [key, lib.either(accepted)]),
	"actual": sprintf("%s is not set", [key]),
	"expected": sprintf("%s = %s", [key, lib.either(accepted)]),
	"evidence": [],
	"key": key,
} if {
	is_null(value)
}

fault(value, key, accepted) := {
	"msg": sprintf("%s is %s, want %s (%s)", [key, value.value, lib.either(accepted), lib.origin(value)]),
	"actual": sprintf("%s = %s", [key, value.value]),
	"expected": sprintf("%s = %s", [key, lib.either(accepted)]),
	"evidence": lib.evidence(value),
	"key": key,
} if {
	not is_null(value)
	not is_one_of(value.value, accepted)
}

# is_one_of compares numbers. What is accepted may be numbers or texts, as a parameter of a baseline may hold either.
is_one_of(text, accepted) if {
	some a in accepted
	lib.number(text) == lib.number(sprintf("%v", [a]))
}

# interfaces finds lines that set a parameter of the network otherwise for one interface, or for those that match a pattern. It is
# for parameters with which the kernel listens to the interface when all others are set well.
interfaces(parameters, family, name, accepted) := array.concat(named, matching) if {
	named := [finding |
		some key, value in object.get(parameters, "effective", {})
		of_interface(key, family, name)
		finding := fault(value, key, accepted)
	]
	matching := [finding |
		some line in object.get(parameters, "globs", [])
		of_interface(line.key, family, name)
		finding := fault({"value": line.value, "source": line.source}, line.key, accepted)
	]
}

of_interface(key, family, name) if {
	startswith(key, sprintf("net.%s.conf.", [family]))
	endswith(key, sprintf(".%s", [name]))
	not key in both(family, name)
	key != sprintf("net.%s.conf.lo.%s", [family, name])
}

# ipv6_off reports whether every entry of the boot menu has the kernel go without IPv6. There are no keys of it then.
ipv6_off(boot) if {
	entries := object.get(boot, "entries", [])
	count(entries) > 0
	every entry in entries {
		values := [argument.value | some argument in entry.args; argument.key == "ipv6.disable"]
		values[count(values) - 1] == "1"
	}
}
