# What the checks of owners and modes share.
package guestctl.lib.files

# wrong finds the files with another owner or group, a looser mode, or an access list, which grants more than the mode says.
wrong(files, want) := array.concat(guest.offenders(files, want), [finding |
	some path, file in files
	file.exists
	file.acl
	finding := {
		"msg": sprintf("%s has an access list, which grants more than its mode says", [path]),
		"actual": sprintf("%s has an access list", [path]),
		"expected": "no access list (setfacl -b)",
		"evidence": [{"path": path}],
		"key": sprintf("%s acl", [path]),
	}
])

# lacking finds the paths that do not exist.
lacking(files, paths) := [finding |
	some path in paths
	not files[path].exists
	finding := {
		"msg": sprintf("%s does not exist", [path]),
		"actual": sprintf("no %s", [path]),
		"expected": path,
		"evidence": [{"path": path}],
		"key": path,
	}
]

# excepted reports whether a path is one of those that a parameter leaves out.
excepted(path, patterns) if {
	some pattern in patterns
	glob.match(pattern, ["/"], path)
}

# cut tells of lists of the walk over all files that are shorter than what was found.
cut(scan, lists) := [sprintf("only the first %d of %d entries of %s are known", [count(scan[list]), scan.counts[list], list]) |
	some list in lists
	scan.counts[list] > count(scan[list])
]

# links lists the paths of links among files that patterns match. Their own mode means nothing, and guest.offenders passes them over.
links(files) := [f.path | some f in files; f.type == "symlink"]
