# METADATA
# title: Nobody but root can use su
# description: >-
#   Administrators use sudo, which says who did what. pam_wheel.so runs in the stack of su before a password is asked for, looks at who
#   calls (use_uid), and its group has no members: those of the group file, and accounts whose own group it is. Without a group of its
#   own it takes wheel, or the group with number 0.
# related_resources:
#   - https://man7.org/linux/man-pages/man8/pam_wheel.8.html
# custom:
#   id: pam-su-restricted
#   severity: medium
#   facts: [pam, groups, users]
#   files: [/bin/su, /usr/bin/su]
#   levels: [cis-l1]
#   controls:
#     ref: [GL-PAM-009]
#     ssg: [use_pam_wheel_group_for_su, ensure_pam_wheel_group_empty]
#     cis_debian12: ["5.2.7"]
#     cis_ubuntu2204: ["5.2.7"]
#     cis_rhel9: ["5.2.7"]
#     pci_dss_4: ["2.2.6"]
#   params:
#     members: {type: array, default: [], doc: accounts that may be in the group}
#   remediation: >-
#     groupadd sugroup, and write "auth required pam_wheel.so use_uid group=sugroup" into /etc/pam.d/su behind the line of pam_rootok.so.
package guestctl.pam.su_restricted

import data.guestctl.lib
import data.guestctl.lib.pam
import data.guestctl.params

members := params["pam-su-restricted"].members

applicable if input.pam.services.su

applicable if {
	some program in input.files
	program.exists
}

skip_reason := "the guest has no su"

# services are what su and "su -" ask: those of their names, or the one for all where su has none.
services := {name: input.pam.services[name] | some name in ["su", "su-l"]} if input.pam.services.su

services := {name: input.pam.services[name] | some name in ["other"]} if not input.pam.services.su

gates(service) := [rule |
	some rule in pam.ahead(service.auth, ["pam_wheel.so"])
	pam.enforces(rule)
	not "deny" in object.keys(rule.options)
]

deny contains finding if {
	some name, service in services
	count(gates(service)) == 0
	because := reason(pam.ahead(service.auth, ["pam_wheel.so"]))
	finding := {
		"msg": sprintf("%s asks whoever calls it for a password: %s", [name, because]),
		"actual": because,
		"expected": "required pam_wheel.so before pam_unix.so",
		"evidence": [rule.source | some rule in service.auth; rule.module in {"pam_wheel.so", "pam_unix.so"}; rule.reachable],
		"key": name,
	}
}

deny contains {"msg": "PAM has no service that su could ask", "actual": "no service", "expected": "/etc/pam.d/su", "evidence": [], "key": "su"} if {
	count(services) == 0
}

reason(rules) := "no pam_wheel.so runs before" if count(rules) == 0

reason(rules) := sprintf("pam_wheel.so is %s", [concat(" ", array.concat([rules[0].control], rules[0].args))]) if count(rules) > 0

deny contains finding if {
	some service in services
	some rule in gates(service)
	not "use_uid" in object.keys(rule.options)
	finding := {
		"msg": sprintf("pam_wheel.so has no use_uid, so that it looks at who logged in (%s)", [lib.origin(rule)]),
		"actual": "no use_uid",
		"expected": "use_uid",
		"evidence": [rule.source],
		"key": "use_uid",
	}
}

deny contains finding if {
	some service in services
	some rule in gates(service)
	some group in chosen(rule)
	some member in group_members(group)
	not member in members
	finding := {
		"msg": sprintf("%s may use su: it is in group %s (%s)", [member, group.name, lib.origin(group)]),
		"actual": sprintf("%s in %s", [member, group.name]),
		"expected": sprintf("nobody in %s", [group.name]),
		"evidence": [rule.source, group.source],
		"key": member,
	}
}

# chosen are the lines of the group that a rule names. A group that is nowhere lets nobody in.
chosen(rule) := named(rule.options.group) if rule.options.group

chosen(rule) := named("wheel") if {
	not rule.options.group
	count(named("wheel")) > 0
}

chosen(rule) := [group | some group in input.groups; group.gid == 0] if {
	not rule.options.group
	count(named("wheel")) == 0
}

named(name) := [group | some group in input.groups; group.name == name]

group_members(group) := {name | some name in group.members; name != "root"} | {user.name |
	some user in input.users
	user.gid == group.gid
	user.uid != 0
}
