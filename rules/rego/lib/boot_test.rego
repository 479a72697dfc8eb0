# What the tests of the boot menu share.
package guestctl.lib.boot_test

# entry is one of the menu, with its arguments as they stand on the line.
entry(kind, title, line, args) := {
	"title": title,
	"kind": kind,
	"kernel": "/boot/vmlinuz",
	"args": [{"key": parts[0], "value": concat("=", array.slice(parts, 1, count(parts)))} |
		some arg in args
		parts := split(arg, "=")
	],
	"source": {"path": "/boot/grub/grub.cfg", "line": line},
}
