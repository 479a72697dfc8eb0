# Facts of kernel modules, and the tests of what the checks share.
package guestctl.lib.modules_test

import data.guestctl.lib.modules

release := "6.1.0-56-cloud-amd64"

source := {"path": "/etc/modprobe.d/hardening.conf", "line": 1}

kernel := {"release": release, "path": "/boot/vmlinuz-6.1.0-56-cloud-amd64", "modules": "/lib/modules/6.1.0-56-cloud-amd64"}

# guest has a kernel that can load some modules, and install commands by module.
guest(loadable, commands) := {
	"modprobe": {
		"modules": {name: installed(command) | some name, command in commands},
		"patterns": [],
		"modules_disabled": null,
	},
	"kernel": {"installed": [object.union(kernel, {"builtin_modules": ["ext4"], "loadable_modules": loadable})]},
}

installed(command) := {
	"blocked": command in ["/bin/false", "/bin/true"],
	"install": {"value": command, "explicit": true, "source": source},
	"blacklisted": false,
	"blacklist": [],
}

found(facts) := modules.present(facts.modprobe, facts.kernel.installed, ["tipc"])

test_blacklist_alone_does_not_block if {
	line := {"path": "/etc/modprobe.d/blacklist.conf", "line": 2}
	facts := object.union(guest(["tipc"], {}), {"modprobe": {"modules": {"tipc": {"blocked": false, "install": null, "blacklisted": true, "blacklist": [line]}}}})
	found(facts)[0].msg == "tipc can be loaded into the kernel 6.1.0-56-cloud-amd64: a blacklist does not stop a load by name"
	found(facts)[0].evidence == [{"path": kernel.modules}, line]
}

test_command_that_loads_does_not_block if {
	facts := guest(["tipc"], {"tipc": "/sbin/modprobe --ignore-install tipc"})
	found(facts)[0].msg == `tipc can be loaded into the kernel 6.1.0-56-cloud-amd64: its install command is "/sbin/modprobe --ignore-install tipc"`
	found(facts)[0].evidence == [{"path": kernel.modules}, source]
}

test_module_in_the_kernel_cannot_be_blocked if {
	builtin := {"kernel": {"installed": [object.union(kernel, {"builtin_modules": ["tipc"], "loadable_modules": ["tipc"]})]}}
	facts := object.union(guest([], {"tipc": "/bin/false"}), builtin)
	found(facts)[0].msg == "tipc is part of the kernel 6.1.0-56-cloud-amd64, which no file can change"
}

test_each_kernel_is_judged if {
	old := object.union(kernel, {"release": "5.10", "builtin_modules": [], "loadable_modules": ["tipc"]})
	new := object.union(kernel, {"builtin_modules": [], "loadable_modules": []})
	[f.actual | some f in modules.present(guest([], {}).modprobe, [new, old], ["tipc"])] == ["tipc can be loaded"]
}

with_pattern(command) := object.union(guest(["tipc"], {}), {"modprobe": {"patterns": [{
	"pattern": "tip*",
	"command": command,
	"source": source,
}]}})

test_pattern_blocks_a_module_that_no_line_names if {
	every command in ["/bin/false", "/usr/bin/true", ":", "/sbin/nologin"] {
		count(found(with_pattern(command))) == 0
	}
	every command in ["/sbin/modprobe --ignore-install tipc", "/bin/false; insmod tipc.ko"] {
		count(found(with_pattern(command))) == 1
	}
}

test_kernel_that_loads_nothing_blocks if {
	disabled := {"modprobe": {"modules_disabled": {"path": "/boot/grub/grub.cfg", "line": 111}}}
	count(found(object.union(guest(["tipc"], {}), disabled))) == 0
}

test_lists_that_are_missing_are_doubtful if {
	modules.doubtful([object.union(kernel, {"builtin_modules": null, "loadable_modules": []})]) == ["what modules the kernel 6.1.0-56-cloud-amd64 has is not known"]
	found(object.union(guest([], {}), {"kernel": {"installed": [object.union(kernel, {"builtin_modules": null, "loadable_modules": null})]}})) == []
	modules.doubtful([]) == ["no kernel is installed on these disks"]
	modules.doubtful(guest([], {}).kernel.installed) == []
}
