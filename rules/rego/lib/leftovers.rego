# What the build of an image left in it. As in the library, the functions take what they look at.
package guestctl.lib.leftovers

# something reports whether there is anything at a place: a file with content, or a link, save one that throws away what is written.
something(file) if {
	file.type == "file"
	file.size > 0
}

something(file) if {
	file.type == "symlink"
	not regex.match(`^(/|(\.\./)+)dev/null$`, object.get(file, "link", ""))
}

# described says what is at a place.
described(file) := sprintf("%s is a link to %s", [file.path, file.link]) if {
	file.type == "symlink"
} else := sprintf("%s has %d bytes", [file.path, file.size])

# trace is the finding about one place, which is its key, so that a waiver can name it.
trace(path, msg, expected) := {"msg": msg, "actual": path, "expected": expected, "evidence": [path], "key": path}

# finding tells of a file that ought not to be there.
finding(file, expected) := trace(file.path, described(file), expected)

# in_homes lists what is in homes under names that one of the patterns matches.
in_homes(homes, patterns) := [file |
	some home in homes
	some file in home.entries
	matches(file.name, patterns)
	something(file)
]

# unread_homes lists the homes of which it is not known whether they are there.
unread_homes(homes) := [home.path |
	some home in homes
	is_null(home.exists)
]

# unread says that homes could not be looked at.
unread(homes) := sprintf("%s may be on a volume that was not read", [concat(", ", unread_homes(homes))]) if {
	count(unread_homes(homes)) > 0
}

# matches reports whether one of the patterns matches a path: * is anything within one name, ** anything.
matches(path, patterns) if {
	some pattern in patterns
	glob.match(pattern, ["/"], path)
}

# in_globs lists what the patterns of a check found, in the order of the patterns; no directories.
in_globs(globs) := [file |
	some pattern in globs
	some file in pattern.files
	something(file)
]

# password says what password lets somebody in to an account.
password(user) := "needs no password" if {
	"empty" in {user.password_in_passwd, object.get(user, ["shadow", "state"], "")}
} else := "has a password"
