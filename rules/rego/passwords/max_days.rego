# METADATA
# title: Passwords must be changed within a year
# description: >-
#   A stolen password that nobody changes is good for ever. PASS_MAX_DAYS of login.defs is what new accounts get. Accounts keep
#   what they got when they were made, so each one with a password is looked at too.
# related_resources:
#   - https://man7.org/linux/man-pages/man5/login.defs.5.html
# custom:
#   id: passwords-max-days
#   severity: medium
#   facts: [login_defs, users]
#   may_be_absent: [login_defs]
#   levels: [cis-l1]
#   controls:
#     ref: [GL-PWD-001]
#     ssg: [accounts_maximum_age_login_defs, accounts_password_set_max_life_existing]
#     cis_debian12: ["5.4.1.1"]
#     cis_ubuntu2204: ["5.4.1.1"]
#     cis_rhel9: ["5.4.1.1"]
#     stig_ubuntu2204: [UBTU-22-411030]
#     stig_ubuntu2404: [UBTU-24-400310]
#     stig_rhel9: [RHEL-09-411010, RHEL-09-411015]
#     nist_800_53: ["CM-6(a)", "IA-5(1)(d)", "IA-5(f)"]
#     pci_dss_4: ["8.3.9"]
#   params:
#     days: {type: number, default: 365, doc: days after which a password must have been changed}
#   remediation: Write "PASS_MAX_DAYS 365" into /etc/login.defs, and run "chage -M 365 NAME" for accounts that there are.
package guestctl.passwords.max_days

import data.guestctl.lib.accounts
import data.guestctl.params

range := {"min": 1, "max": params["passwords-max-days"].days}

deny contains finding if some finding in accounts.setting_outside(object.get(input, "login_defs", {}), "PASS_MAX_DAYS", range)

deny contains finding if some finding in accounts.days_outside(input.users, "max", "maximum age", range)
