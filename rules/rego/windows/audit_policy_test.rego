package guestctl.windows.audit_policy_test

import data.guestctl.windows.audit_policy

names := [
	"Credential Validation",
	"Security Group Management",
	"User Account Management",
	"Process Creation",
	"Account Lockout",
	"Logon",
	"Special Logon",
	"Audit Policy Change",
	"Authentication Policy Change",
	"Sensitive Privilege Use",
	"Security State Change",
	"Security System Extension",
	"System Integrity",
]

guest(names) := {"windows_audit_policy": {
	"subcategories": {name: {"success": true, "failure": true} | some name in names},
	"source": {"path": "/Windows/System32/config/SECURITY"},
}}

pass := guest(names)

fail := json.patch(pass, [{"op": "replace", "path": "/windows_audit_policy/subcategories/Logon/failure", "value": false}])

test_pass if count(audit_policy.deny) == 0 with input as pass

test_fail if {
	some finding in audit_policy.deny with input as fail
	finding.msg == "failure of Logon is not logged"
	finding.fix == `auditpol /set /subcategory:"Logon" /failure:enable`
	finding.evidence == [{"path": "/Windows/System32/config/SECURITY"}]
}

test_a_subcategory_that_is_not_there if {
	count(audit_policy.deny) == 2 with input as guest([name | some name in names; name != "Logon"])
}
