# METADATA
# title: A new password stays for a day at least
# description: >-
#   Without a minimum age somebody who must change a password changes it so often on one day that the old one is allowed again.
#   PASS_MIN_DAYS of login.defs is what new accounts get. Accounts keep what they got when they were made, so each one with a
#   password is looked at too.
# related_resources:
#   - https://man7.org/linux/man-pages/man5/login.defs.5.html
# custom:
#   id: passwords-min-days
#   severity: low
#   facts: [login_defs, users]
#   may_be_absent: [login_defs]
#   levels: [cis-l2]
#   controls:
#     ref: [GL-PWD-002]
#     ssg: [accounts_minimum_age_login_defs, accounts_password_set_min_life_existing]
#     cis_debian12: ["5.4.1.2"]
#     cis_ubuntu2204: ["5.4.1.2"]
#     cis_rhel9: ["5.4.1.2"]
#     stig_ubuntu2204: [UBTU-22-411025]
#     stig_ubuntu2404: [UBTU-24-400300]
#     stig_rhel9: [RHEL-09-611075, RHEL-09-611080]
#     nist_800_53: ["CM-6(a)", "IA-5(1)(d)", "IA-5(f)"]
#   params:
#     days: {type: number, default: 1, doc: days for which a new password stays at least}
#   remediation: Write "PASS_MIN_DAYS 1" into /etc/login.defs, and run "chage -m 1 NAME" for accounts that there are.
package guestctl.passwords.min_days

import data.guestctl.lib.accounts
import data.guestctl.params

range := {"min": params["passwords-min-days"].days}

deny contains finding if some finding in accounts.setting_outside(object.get(input, "login_defs", {}), "PASS_MIN_DAYS", range)

deny contains finding if some finding in accounts.days_outside(input.users, "min", "minimum age", range)
