# METADATA
# title: The PATH of root leads through no directory that others may write
# description: >-
#   Root runs what it finds first. A dot, an empty element or a directory that others may write lets them put a program of their
#   own there. The shells' start-up files are read and not run: each assignment of PATH counts, also one that only other accounts
#   come by.
# custom:
#   id: users-root-path
#   severity: medium
#   facts: [profile]
#   levels: [cis-l1]
#   controls:
#     ref: [GL-USR-015]
#     ssg: [root_path_no_dot, accounts_root_path_dirs_no_write]
#     cis_debian12: ["5.4.2.5"]
#     cis_ubuntu2204: ["5.4.2.5"]
#     cis_rhel9: ["5.4.2.5"]
#     nist_800_53: ["CM-6(a)"]
#   remediation: Take the element out of the file, or run "chmod go-w" and "chown root" on the directory.
package guestctl.users.root_path

# A name that begins neither at the root nor with a variable is looked for where root happens to be.
deny contains finding if {
	some dir in input.profile.path_dirs
	not regex.match(`^[/$~]`, dir.dir)
	finding := {
		"key": dir.dir,
		"msg": sprintf("PATH has %q, which is looked for in the current directory", [dir.dir]),
		"actual": sprintf("PATH has %q", [dir.dir]),
		"expected": "directories from the root on",
		"evidence": places(dir.dir),
	}
}

deny contains finding if {
	some dir in input.profile.path_dirs
	dir.type == "dir"
	some why in faults(dir)
	finding := {
		"key": dir.dir,
		"msg": sprintf("%s in PATH %s", [dir.dir, why]),
		"actual": sprintf("%s %s", [dir.dir, why]),
		"expected": "directories that root alone may write",
		"evidence": array.concat(places(dir.dir), [{"path": dir.dir}]),
	}
}

faults(dir) := {why |
	some [bad, why] in [
		[dir.uid != 0, sprintf("belongs to uid %d", [dir.uid])],
		[writable(dir.mode), sprintf("may be written by others than its owner (mode %s)", [dir.mode])],
	]
	bad
}

# writable reports whether one of the last two digits of a mode has the bit for writing.
writable(mode) := regex.match(`([2367].|[2367])$`, mode)

places(entry) := [setting.source |
	some setting in input.profile.root_path
	entry in setting.entries
]

unknown contains {"msg": sprintf("PATH has %s, of which the files do not tell what it is", [dir.dir]), "evidence": places(dir.dir)} if {
	count(deny) == 0
	some dir in input.profile.path_dirs
	is_null(dir.exists)
}
