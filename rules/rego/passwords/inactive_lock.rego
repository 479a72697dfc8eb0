# METADATA
# title: Accounts are locked soon after their password has expired
# description: >-
#   An account whose password nobody has renewed for weeks belongs to nobody any more. INACTIVE of /etc/default/useradd is what
#   new accounts get; -1 is never. Accounts keep what they got when they were made, so each one with a password is looked at too.
# related_resources:
#   - https://man7.org/linux/man-pages/man8/useradd.8.html
# custom:
#   id: passwords-inactive-lock
#   severity: medium
#   facts: [useradd, users]
#   may_be_absent: [useradd]
#   levels: [cis-l1]
#   controls:
#     ref: [GL-PWD-005]
#     ssg: [account_disable_post_pw_expiration, accounts_set_post_pw_existing]
#     cis_debian12: ["5.4.1.5"]
#     cis_ubuntu2204: ["5.4.1.5"]
#     cis_rhel9: ["5.4.1.5"]
#     stig_ubuntu2204: [UBTU-22-411035]
#     stig_ubuntu2404: [UBTU-24-200260]
#     stig_rhel9: [RHEL-09-411050]
#     nist_800_53: ["AC-2(3)", "CM-6(a)", "IA-4(e)"]
#     pci_dss_4: ["8.2.6"]
#   params:
#     days: {type: number, default: 45, doc: days after which an account with an expired password is locked}
#   remediation: Run "useradd -D -f 45", and "chage --inactive 45 NAME" for accounts that there are.
package guestctl.passwords.inactive_lock

import data.guestctl.lib.accounts
import data.guestctl.params

range := {"min": 0, "max": params["passwords-inactive-lock"].days}

deny contains finding if some finding in accounts.setting_outside(object.get(input, "useradd", {}), "INACTIVE", range)

deny contains finding if some finding in accounts.days_outside(input.users, "inactive", "time until the lock", range)
