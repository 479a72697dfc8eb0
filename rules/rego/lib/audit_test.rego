# What the tests of audit rules share: rules in the shape of the facts.
package guestctl.lib.audit_test

import data.guestctl.lib.audit

source(line) := {"path": "/etc/audit/audit.rules", "line": line}

watch(path, perm, line) := {"kind": "watch", "action": "always", "list": "exit", "path": path, "perm": perm, "keys": ["k"], "in_force": true, "source": source(line)}

call(names, arch, fields, line) := {
	"kind": "syscall",
	"action": "always",
	"list": "exit",
	"arch": arch,
	"syscalls": names,
	"fields": fields,
	"keys": ["k"],
	"in_force": true,
	"source": source(line),
}

control(option, value, line) := {"kind": "control", "option": option, "value": value, "in_force": true, "source": source(line)}

never(list, line) := {"kind": "syscall", "action": "never", "list": list, "in_force": true, "source": source(line)}

# packages are those of a guest with the audit daemon, and none those of one without it.
packages := {"manager": "dpkg", "installed": {"auditd": [{"name": "auditd", "version": "1:3.0.9-1", "state": "installed"}]}}

none := {"manager": "dpkg", "installed": {}}

# loaded is a guest that reads audit.rules at boot.
loaded(rules) := {"packages": packages, "audit": {"loaded": rules, "rules_d": null, "loader": "auditctl", "drift": false, "missing": [], "extra": [], "immutable_last": false, "files": []}}

first := [watch("/a", "wa", 1)]

second := [watch("/b", "wa", 2)]

test_what_boot_reads if {
	audit.at_boot({"loader": "augenrules", "loaded": first, "rules_d": second}) == second
	audit.at_boot({"loader": "augenrules", "loaded": first, "rules_d": null}) == first
	audit.at_boot({"loader": "auditctl", "loaded": first, "rules_d": second}) == first
	audit.at_boot({"loader": "", "loaded": null, "rules_d": second}) == second
	audit.at_boot({"loader": "", "loaded": null, "rules_d": null}) == []
}

test_rules_out_of_force_do_not_count if {
	audit.at_boot({"loader": "", "loaded": [object.union(first[0], {"in_force": false})], "rules_d": null}) == []
}

test_watches if {
	both := ["b32", "b64"]
	audit.unwatched([watch("/etc/passwd", "wa", 1)], ["/etc/passwd"], both) == []
	audit.unwatched([watch("/etc", "rwxa", 1)], ["/etc/security/opasswd"], both) == []
	audit.unwatched([watch("/", "wa", 1)], ["/etc/passwd"], both) == []
	count(audit.unwatched([watch("/etc/pass", "wa", 1)], ["/etc/passwd"], both)) == 1
	count(audit.unwatched([watch("/etc/passwd", "wa", 1)], ["/etc"], both)) == 1
	count(audit.unwatched([watch("/etc/passwd", "w", 1)], ["/etc/passwd"], both)) == 1
	count(audit.unwatched([watch("/etc/passwd", "ra", 1)], ["/etc/passwd"], both)) == 1
}

test_watches_for_one_width if {
	narrow := object.union(watch("/etc/passwd", "wa", 1), {"arch": "b64"})
	wide := object.union(narrow, {"arch": "b32"})
	some finding in audit.unwatched([narrow], ["/etc/passwd"], ["b32", "b64"])
	finding.msg == "no rule watches /etc/passwd for b32"
	audit.unwatched([narrow, wide], ["/etc/passwd"], ["b32", "b64"]) == []
}

test_watches_of_some_only if {
	some_only := object.union(watch("/etc/passwd", "wa", 1), {"fields": [{"key": "auid", "op": ">=", "value": "1000"}]})
	count(audit.unwatched([some_only], ["/etc/passwd"], ["b64"])) == 1
	never_told := object.union(watch("/etc/passwd", "wa", 1), {"action": "never"})
	count(audit.unwatched([never_told], ["/etc/passwd"], ["b64"])) == 1
}

test_what_turns_all_off if {
	some finding in audit.off([never("task", 3)])
	finding.msg == "-a never,task turns auditing off (/etc/audit/audit.rules line 3)"
	some other in audit.off([control("-e", "1", 1), control("-e", "0", 2)])
	other.msg == "-e 0 turns auditing off (/etc/audit/audit.rules line 2)"
	audit.off([control("-e", "0", 1), control("-e", "2", 2)]) == []
	audit.off([object.union(never("exit", 3), {"path": "/usr/bin/true"})]) == []
	audit.off([object.union(never("exit", 3), {"syscalls": ["open"]})]) == []
	audit.off([object.union(never("user", 3), {"fields": []})]) == []
	count(audit.off([object.union(never("exit", 3), {"syscalls": ["all"]})])) == 1
}

test_calls if {
	count(audit.calls([call(["all"], "", [], 1)], "open", "b32")) == 1
	count(audit.calls([call([], "b64", [], 1)], "open", "b64")) == 1
	count(audit.calls([call(["close", "open"], "b64", [], 1)], "open", "b64")) == 1
	count(audit.calls([call(["close", "open"], "b64", [], 1)], "open", "b32")) == 0
	count(audit.calls([watch("/open", "wa", 1)], "open", "b32")) == 0
}
