# The functions that checks share. They take what they look at: only a check itself reads input, so that it is seen which facts
# each one needs.
package guestctl.lib

# evidence lists the place a value comes from, and those it took the place of. It is never undefined: a finding must not get lost for
# want of its evidence.
evidence(value) := array.concat(lost, won) if {
	lost := [{"path": s.path, "line": object.get(s, "line", 0), "text": object.get(s, "text", ""), "note": "overridden"} |
		some s in object.get(value, "shadowed", [])
	]
	won := [s | s := object.get(value, "source", null); not is_null(s)]
}

# origin says in a few words where a value comes from, for messages. It is never undefined either.
origin(value) := sprintf("%s line %d", [value.source.path, value.source.line]) if {
	value.source.path
	value.source.line > 0
} else := value.source.path if {
	value.source.path
} else := "the default"

# present lists the installed packages of some names; a package that is unpacked or half configured counts.
present(packages, names) := [p |
	some name in names
	some p in packages.installed[name]
]

# complete lists the packages of some names that are installed completely.
complete(packages, names) := [p |
	some p in present(packages, names)
	p.state == "installed"
]

# starting lists the units of some names that boot or a trigger starts, by their own names: an alias stands for its unit.
starting(units, names) := sort({own |
	some name in names
	own := own_name(units, name)
	units[own].starts != ""
})

own_name(units, name) := units[name].alias_of if is_string(units[name].alias_of)

own_name(units, name) := name if is_null(units[name].alias_of)

# number reads a value that is written as text. One with zeros before it is none: for some programs it is octal.
number(text) := to_number(trim_space(text)) if regex.match(`^\s*-?(0|[1-9][0-9]*)\s*$`, text)

# between reports whether text is a number from least to most.
between(text, least, most) if {
	n := number(text)
	n >= least
	n <= most
}

# either names what is allowed, for messages.
either(allowed) := concat(" or ", [sprintf("%v", [a]) | some a in allowed])

# command is a command line about something that the guest named, or null: a name that a shell could take for more than a name is not
# for people to copy.
command(words, name) := sprintf("%s %s", [words, name]) if regex.match(`^[A-Za-z0-9_][A-Za-z0-9@:._+-]*$`, name)

command(_, name) := null if not regex.match(`^[A-Za-z0-9_][A-Za-z0-9@:._+-]*$`, name)
