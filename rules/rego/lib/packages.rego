# What checks share that want a package away.
package guestctl.lib.packages

import data.guestctl.lib

# unwanted has a finding for each package that is there under one of the names, however far its installation came, and for each
# other one that stands in for one of the virtual names.
unwanted(packages, names, virtual) := {finding |
	some [p, what] in array.concat(named(packages, names), providing(packages, names, virtual))
	finding := {
		"key": p.name,
		"msg": sprintf("%s %s is %s%s", [p.name, p.version, p.state, what]),
		"actual": sprintf("%s %s", [p.name, p.version]),
		"expected": "not installed",
		"evidence": [p.source],
		"fix": lib.command(object.get(removal, packages.manager, "remove"), p.name),
	}
}

removal := {"dpkg": "apt purge", "rpm": "dnf remove", "apk": "apk del", "pacman": "pacman -R"}

named(packages, names) := [[p, ""] | some p in lib.present(packages, names)]

providing(packages, names, virtual) := [[p, sprintf(" and provides %s", [concat(", ", what)])] |
	some list in packages.installed
	some p in list
	p.provides
	not p.name in names
	what := [v.name | some v in p.provides; v.name in virtual]
	count(what) > 0
]
