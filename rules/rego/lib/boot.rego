# What the checks of the boot menu share.
package guestctl.lib.boot

# argument is the value of the kernel's argument of a name that wins: the last one. It is undefined where the entry has none.
argument(entry, key) := values[count(values) - 1] if {
	values := [arg.value | some arg in entry.args; arg.key == key]
}

# finding tells that an entry does not have the argument that is wanted.
finding(entry, key, wanted) := {
	"msg": sprintf("%q has %s, want %s", [entry.title, shown(entry, key), wanted]),
	"actual": shown(entry, key),
	"expected": wanted,
	"evidence": sources(entry, key),
	"key": sprintf("%s %s", [entry.title, key]),
}

shown(entry, key) := concat("=", [key, argument(entry, key)]) if argument(entry, key) != ""

shown(entry, key) := key if argument(entry, key) == ""

shown(entry, key) := sprintf("no %s", [key]) if not argument(entry, key)

# sources are where an argument stands: in a file of its own, or on the entry's line.
sources(entry, key) := array.concat([entry.source], [arg.source |
	some arg in entry.args
	arg.key == key
	arg.source
])
