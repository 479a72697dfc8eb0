# Facts of mounts, for the tests of the checks.
package guestctl.lib.mounts_test

source := {"path": "/etc/fstab", "line": 4}

# mount is a line of fstab with some of the flags.
mount(target, flags) := {
	"target": target,
	"device": "tmpfs",
	"fstype": "tmpfs",
	"options": flags,
	"nodev": "nodev" in flags,
	"nosuid": "nosuid" in flags,
	"noexec": "noexec" in flags,
	"auto": true,
	"automount": false,
	"bind": false,
	"origin": "fstab",
	"source": source,
}

# mounted is a guest with one mount beside its root.
mounted(target, flags) := {"mounts": [mount("/", []), mount(target, flags)]}

# but changes that mount.
but(facts, changes) := {"mounts": [object.union(m, changes) | some m in facts.mounts; m.target != "/"]}
