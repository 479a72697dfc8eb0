# What the checks of sudo share.
package guestctl.lib.sudo

import data.guestctl.lib

# off is the finding about an option that is turned off for everybody.
off(key, v) := {
	"msg": sprintf("%s is turned off (%s)", [key, lib.origin(v)]),
	"actual": sprintf("!%s", [key]),
	"expected": key,
	"evidence": lib.evidence(v),
	"key": key,
}

# scoped is the finding about an option that is turned off for some.
scoped(line, wanted) := {
	"msg": sprintf("%s is turned off for the %s %s (%s)", [line.key, line.scope, concat(", ", line.names), lib.origin(line)]),
	"actual": sprintf("!%s for %s", [line.key, concat(", ", line.names)]),
	"expected": wanted,
	"evidence": [line.source],
	"key": sprintf("%s for %s", [line.key, concat(", ", line.names)]),
}

# some_only lists the Defaults of a name that are for some users, hosts, target users or commands, and in force. Sudo takes those for users
# and hosts in the order of the lines, so that a later line for everybody takes their place; the others it takes last.
some_only(sudoers, key) := [line |
	some line in object.get(sudoers, "scoped_defaults", [])
	line.key == key
	not replaced(line, object.get(sudoers, ["defaults", key], {}))
]

replaced(line, everybody) if {
	line.scope in {"user", "host"}
	everybody.source.path == line.source.path
	everybody.source.line > line.source.line
}
