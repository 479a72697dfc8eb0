# METADATA
# title: The log of security tells who did what
# description: >-
#   What is not audited has not happened. These subcategories are those that tell of logons, accounts, rights and changes of
#   policy.
# custom:
#   id: windows-audit-policy
#   severity: medium
#   facts: [windows_audit_policy]
#   levels: [cis-l1]
#   controls:
#     ref: [GL-WIN-122]
#     cis_windows2022: ["17.1.1", "17.2.5", "17.2.6", "17.3.2", "17.5.1", "17.5.4", "17.5.6", "17.7.1", "17.7.2", "17.8.1", "17.9.3", "17.9.4", "17.9.5"]
#   params:
#     success: {type: array, default: [Credential Validation, Security Group Management, User Account Management, Process Creation, Logon, Special Logon, Audit Policy Change, Authentication Policy Change, Sensitive Privilege Use, Security State Change, Security System Extension, System Integrity], doc: subcategories of which what succeeded is logged}
#     failure: {type: array, default: [Credential Validation, User Account Management, Account Lockout, Logon, Sensitive Privilege Use, System Integrity], doc: subcategories of which what failed is logged}
#   remediation: >-
#     auditpol /set /subcategory:"NAME" /success:enable /failure:enable
package guestctl.windows.audit_policy

import data.guestctl.params

deny contains finding if {
	some name in params["windows-audit-policy"].success
	finding := missing(name, "success")
}

deny contains finding if {
	some name in params["windows-audit-policy"].failure
	finding := missing(name, "failure")
}

# missing is the finding about a subcategory of which one outcome is not logged.
missing(name, outcome) := finding if {
	not input.windows_audit_policy.subcategories[name][outcome]
	finding := {
		"key": sprintf("%s %s", [name, outcome]),
		"msg": sprintf("%s of %s is not logged", [outcome, name]),
		"actual": "not logged",
		"expected": sprintf("%s of %s", [outcome, name]),
		"evidence": [input.windows_audit_policy.source],
		"fix": sprintf(`auditpol /set /subcategory:"%s" /%s:enable`, [name, outcome]),
	}
}
