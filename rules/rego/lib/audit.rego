# What the checks of audit rules share.
package guestctl.lib.audit

import data.guestctl.lib

# installed reports whether the guest has the audit daemon. What is left of a removed one is read by nobody.
installed(packages) if count(lib.present(packages, ["auditd", "audit"])) > 0

# at_boot lists the rules that are read at boot and stay in force: those of rules.d where augenrules makes audit.rules of them, else
# those of audit.rules.
at_boot(audit) := [rule | some rule in lines(audit); rule.in_force]

lines(audit) := audit.rules_d if {
	audit.loader == "augenrules"
	not is_null(audit.rules_d)
} else := audit.loaded if {
	not is_null(audit.loaded)
} else := audit.rules_d if {
	not is_null(audit.rules_d)
} else := []

# off is the finding about rules that keep all others from having an effect.
off(rules) := [finding |
	some rule in array.concat(silent(rules), [last | last := enabled(rules); last.value == "0"])
	finding := {
		"msg": sprintf("%s turns auditing off (%s)", [written(rule), lib.origin(rule)]),
		"actual": written(rule),
		"expected": "rules that audit",
		"evidence": [rule.source],
		"key": written(rule),
	}
]

# silent are the rules that leave out every process, or every call.
silent(rules) := [rule |
	some rule in rules
	rule.action == "never"
	rule.list in {"task", "exit"}
	conditions(rule) == 0
	object.get(rule, "path", "") == ""
	object.get(rule, "arch", "") == ""
	every call in object.get(rule, "syscalls", []) { call == "all" }
]

conditions(rule) := count(object.get(rule, "fields", []))

enabled(rules) := all[count(all) - 1] if {
	all := [rule | some rule in rules; rule.kind == "control"; rule.option == "-e"]
}

written(rule) := sprintf("%s %s", [rule.option, rule.value]) if rule.kind == "control"

written(rule) := sprintf("-a %s,%s", [rule.action, rule.list]) if rule.kind != "control"

audits(rule, arch) if {
	rule.action == "always"
	rule.list == "exit"
	object.get(rule, "arch", "") in {"", arch}
}

# unwatched finds the paths of which no rule tells when they are written or given other attributes. A rule with further conditions does not
# tell of everything; one for a directory tells of what is below it.
unwatched(rules, paths, archs) := [finding |
	some path in paths
	missing := [arch | some arch in archs; not watched(rules, path, arch)]
	count(missing) > 0
	finding := {
		"msg": sprintf("no rule watches %s%s", [path, only(missing, archs)]),
		"actual": sprintf("%s is not watched%s", [path, only(missing, archs)]),
		"expected": sprintf("-w %s -p wa", [path]),
		"evidence": [rule.source | some rule in rules; object.get(rule, "path", "") == path],
		"key": path,
	}
]

watched(rules, path, arch) if {
	some rule in rules
	rule.kind == "watch"
	audits(rule, arch)
	conditions(rule) == 0
	contains(rule.perm, "w")
	contains(rule.perm, "a")
	startswith(sprintf("%s/", [path]), sprintf("%s/", [trim_suffix(rule.path, "/")]))
}

# only says for which width of system calls something is missing.
only(missing, archs) := "" if count(missing) == count(archs)

only(missing, archs) := sprintf(" for %s", [concat(", ", missing)]) if count(missing) != count(archs)

# calls lists the rules that tell of a system call.
calls(rules, name, arch) := [rule |
	some rule in rules
	rule.kind == "syscall"
	audits(rule, arch)
	covers(object.get(rule, "syscalls", []), name)
]

covers(names, name) if name in names

covers(names, _) if names in [[], ["all"]]
