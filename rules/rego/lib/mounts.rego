# What the checks of mounts share.
package guestctl.lib.mounts

import data.guestctl.lib

# at lists the mounts that the guest sees at a directory after a boot.
at(mounts, target) := [m |
	some m in mounts
	m.target == target
	m.auto
	object.get(m, "hidden", "") == ""
]

# missing is the finding about a directory that is no mount of its own; one that only a line for another mount gets is told of.
missing(mounts, target) := [finding |
	count(at(mounts, target)) == 0
	finding := {
		"msg": sprintf("no mount is in force at %s", [target]),
		"actual": sprintf("%s is no mount", [target]),
		"expected": sprintf("a mount at %s", [target]),
		"evidence": [object.union(m.source, {"note": why(m)}) |
			some m in mounts
			m.target == target
			not is_null(m.source)
		],
		"key": target,
	}
]

why(m) := m.hidden

why(m) := "is not mounted at boot" if not m.hidden

# loose finds the mounts at a directory that lack one of the flags nodev, nosuid and noexec.
loose(mounts, target, flags) := [finding |
	some m in at(mounts, target)
	lacking := [flag | some flag in flags; not m[flag]]
	count(lacking) > 0
	finding := {
		"msg": sprintf("%s is mounted without %s (%s)", [target, concat(", ", lacking), origin(m)]),
		"actual": sprintf("%s without %s", [target, concat(", ", lacking)]),
		"expected": sprintf("%s with %s", [target, concat(", ", flags)]),
		"evidence": [m.source],
		"key": target,
	}
]

origin(m) := lib.origin(m) if not is_null(m.source)

origin(m) := "by the init system itself" if is_null(m.source)
