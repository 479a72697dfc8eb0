# METADATA
# title: Users are warned a week before their password expires
# description: >-
#   A password that must be changed at once, in the middle of work, becomes a bad one. PASS_WARN_AGE of login.defs is what new
#   accounts get. Accounts keep what they got when they were made, so each one with a password is looked at too.
# related_resources:
#   - https://man7.org/linux/man-pages/man5/login.defs.5.html
# custom:
#   id: passwords-warn-age
#   severity: low
#   facts: [login_defs, users]
#   may_be_absent: [login_defs]
#   levels: [cis-l1]
#   controls:
#     ref: [GL-PWD-003]
#     ssg: [accounts_password_warn_age_login_defs]
#     cis_debian12: ["5.4.1.3"]
#     cis_ubuntu2204: ["5.4.1.3"]
#     cis_rhel9: ["5.4.1.3"]
#     nist_800_53: ["CM-6(a)", "IA-5(1)(d)", "IA-5(f)"]
#     pci_dss_4: ["8.3.9"]
#   params:
#     days: {type: number, default: 7, doc: days before the end from which on there are warnings}
#   remediation: Write "PASS_WARN_AGE 7" into /etc/login.defs, and run "chage -W 7 NAME" for accounts that there are.
package guestctl.passwords.warn_age

import data.guestctl.lib.accounts
import data.guestctl.params

range := {"min": params["passwords-warn-age"].days}

deny contains finding if some finding in accounts.setting_outside(object.get(input, "login_defs", {}), "PASS_WARN_AGE", range)

deny contains finding if some finding in accounts.days_outside(input.users, "warn", "warning", range)
