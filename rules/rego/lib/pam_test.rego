# What the tests of the checks of PAM share: rules and services in the shape of the facts.
package guestctl.lib.pam_test

import data.guestctl.lib.pam

# rule is one line of a file, with the options of its arguments.
rule(path, line, control, module, args) := {
	"control": control,
	"module": module,
	"args": args,
	"options": {parts[0]: concat("=", array.slice(parts, 1, count(parts))) |
		some arg in args
		parts := split(arg, "=")
	},
	"silent": false,
	"via": [],
	"reachable": true,
	"substack": 0,
	"source": {"path": path, "line": line},
}

# unreachable is a rule that never runs.
unreachable(path, line, control, module, args) := object.union(rule(path, line, control, module, args), {"reachable": false})

# service has the stacks that are given, and empty ones.
service(name, stacks) := object.union({"path": sprintf("/etc/pam.d/%s", [name]), "auth": [], "account": [], "password": [], "session": [], "broken": false}, stacks)

# written is a setting of a module's file, and default one that nobody wrote down.
written(value, path, line) := {"value": value, "explicit": true, "source": {"path": path, "line": line}}

preset(value) := {"value": value, "explicit": false, "source": null}

test_controls if {
	pam.enforces({"control": "requisite"})
	pam.enforces({"control": "Required"})
	pam.enforces({"control": "[success=1 new_authtok_reqd=1 ignore=ignore default=die]"})
	not pam.enforces({"control": "optional"})
	not pam.enforces({"control": "sufficient"})
	not pam.enforces({"control": "[success=1 default=ignore]"})
}
