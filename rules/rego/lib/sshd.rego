# What the checks of the SSH server share. A setting holds for every connection, or in a Match block for some of them; who
# connects can often choose the block, so that a loose one counts as much as a loose server.
package guestctl.lib.sshd

import data.guestctl.lib

# settings lists what a keyword is set to: for every connection, and in each Match block that sets it.
settings(server, keyword) := array.concat(always, sometimes) if {
	always := [{"value": v.value, "whom": "", "origin": lib.origin(v), "evidence": lib.evidence(v)} |
		v := server.effective[keyword]
	]
	sometimes := [{"value": v.value, "whom": sprintf(" for Match %s", [block.criteria]), "origin": lib.origin(v), "evidence": [block.source, v.source]} |
		some block in server.match
		v := block.settings[keyword]
	]
}

# finding tells that one of these settings is not as wanted. Keyword is written as people write it.
finding(keyword, setting, wanted) := {
	"msg": sprintf("%s is %s%s, want %s (%s)", [keyword, text(setting.value), setting.whom, wanted, setting.origin]),
	"actual": sprintf("%s %s%s", [keyword, text(setting.value), setting.whom]),
	"expected": sprintf("%s %s", [keyword, wanted]),
	"evidence": setting.evidence,
	"key": concat("", [keyword, setting.whom]),
}

# other finds the settings of a keyword that are none of the allowed words.
other(server, keyword, allowed) := [finding(keyword, setting, lib.either(allowed)) |
	some setting in settings(server, lower(keyword))
	not setting.value in allowed
]

# outside finds the settings of a keyword that are no number from least to most.
outside(server, keyword, least, most) := [finding(keyword, setting, sprintf("%v to %v", [least, most])) |
	some setting in settings(server, lower(keyword))
	not lib.between(setting.value, least, most)
]

# weak finds the algorithms of a keyword's list that match one of some expressions.
weak(server, keyword, expressions) := [object.union(finding(keyword, setting, "none of them"), {"msg": msg, "actual": concat(",", bad)}) |
	some setting in settings(server, lower(keyword))
	bad := [algorithm |
		some algorithm in algorithms(setting.value)
		matches(algorithm, expressions)
	]
	count(bad) > 0
	msg := sprintf("%s offers %s (%s)", [keyword, concat(", ", bad), setting.origin])
]

algorithms(value) := value if is_array(value)

algorithms(value) := split(value, ",") if is_string(value)

matches(text, expressions) if {
	some expression in expressions
	regex.match(expression, text)
}

text(value) := concat(",", value) if is_array(value)

text(value) := sprintf("%v", [value]) if not is_array(value)
