# What the checks of kernel modules share. Names have _ for -, as in the kernel.
package guestctl.lib.modules

import data.guestctl.lib

# present finds the modules that an installed kernel can load, and those that are part of one.
present(modprobe, kernels, names) := [finding |
	some name in names
	some kernel in kernels
	finding := fault(modprobe, kernel, replace(name, "-", "_"))
]

fault(_, kernel, name) := {
	"msg": sprintf("%s is part of the kernel %s, which no file can change", [name, kernel.release]),
	"actual": sprintf("%s is built in", [name]),
	"expected": "not in the kernel",
	"evidence": [{"path": kernel.modules}],
	"key": name,
} if {
	name in kernel.builtin_modules
}

fault(modprobe, kernel, name) := {
	"msg": sprintf("%s can be loaded into the kernel %s: %s", [name, kernel.release, why(said)]),
	"actual": sprintf("%s can be loaded", [name]),
	"expected": sprintf("install %s /bin/false", [name]),
	"evidence": array.concat([{"path": kernel.modules}], array.concat(object.get(said, "blacklist", []), sources(said))),
	"key": name,
} if {
	name in kernel.loadable_modules
	not name in kernel.builtin_modules
	not blocked(modprobe, name)
	said := object.get(modprobe.modules, name, {})
}

# doubtful tells why it is not known which modules there are.
doubtful(kernels) := ["no kernel is installed on these disks"] if count(kernels) == 0

doubtful(kernels) := [sprintf("what modules the kernel %s has is not known", [kernel.release]) |
	some kernel in kernels
	null in [kernel.builtin_modules, kernel.loadable_modules]
] if {
	count(kernels) > 0
}

# blocked reports whether modprobe loads nothing for the name: an install command that does nothing, an alias to nowhere, or a kernel
# that takes no module. A blacklist alone does not stop a load by name.
blocked(modprobe, name) if modprobe.modules[name].blocked

blocked(modprobe, _) if not is_null(object.get(modprobe, "modules_disabled", null))

blocked(modprobe, name) if {
	not modprobe.modules[name]
	commands := [p.command | some p in modprobe.patterns; glob.match(p.pattern, null, name)]
	regex.match(`^((/usr)?/s?bin/)?(true|false|nologin|:)\s*$`, commands[0])
}

why(said) := sprintf("its install command is %q", [said.install.value]) if said.install.value

else := "a blacklist does not stop a load by name" if said.blacklisted

else := "no install command blocks it"

sources(said) := lib.evidence(said.install) if said.install.value

else := []
