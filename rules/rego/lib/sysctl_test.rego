# Facts of kernel parameters, for the tests of the checks.
package guestctl.lib.sysctl_test

import data.guestctl.lib.sysctl

source := {"path": "/etc/sysctl.d/60-hardening.conf", "line": 1}

# files are those that set parameters to these values.
files(values) := {"sysctl": {"loader": "systemd-sysctl", "globs": [], "effective": set_to(values)}}

# also adds parameters.
also(facts, values) := object.union(facts, {"sysctl": {"effective": set_to(values)}})

set_to(values) := {key: {"value": value, "explicit": true, "source": source} | some key, value in values}

# kernel is a boot menu whose entries have these arguments.
kernel(arguments) := {"boot": {"entries": [entry(arguments)]}}

entry(arguments) := {"kind": "normal", "args": [{"key": parts[0], "value": concat("=", array.slice(parts, 1, count(parts)))} |
	some argument in arguments
	parts := split(argument, "=")
]}

test_masked_unit_is_told if {
	mask := {"path": "/usr/lib/systemd/system/systemd-sysctl.service", "by": "/etc/systemd/system/systemd-sysctl.service"}
	masked := object.union(files({"kernel.b": "0"}).sysctl, {"loader": "", "masked": [mask]})
	found := sysctl.wrong(masked, ["kernel.a", "kernel.b"], [1])
	found[0].msg == "no file sets kernel.a: the unit that applies them is masked"
	found[0].evidence == [{"path": mask.by}]
	found[1].msg == "kernel.b is 0, want 1 (/etc/sysctl.d/60-hardening.conf line 1)"
}

test_ipv6_is_on_unless_every_entry_turns_it_off if {
	off := entry(["quiet", "ipv6.disable=0", "ipv6.disable=1"])
	sysctl.ipv6_off({"entries": [off, off]})
	not sysctl.ipv6_off({"entries": [off, entry(["quiet"])]})
	not sysctl.ipv6_off({"entries": [off, entry(["ipv6.disable=1", "ipv6.disable=0"])]})
	not sysctl.ipv6_off({"entries": []})
	not sysctl.ipv6_off({})
}
