# METADATA
# title: No profile of AppArmor is turned off
# description: >-
#   A profile that disable/ names is not loaded, and one with the flag unconfined allows everything. The files of /etc/apparmor.d are
#   judged; which profiles are loaded is only known at run time, and so are those that snapd and container engines make.
# related_resources:
#   - https://man7.org/linux/man-pages/man5/apparmor.d.5.html
# custom:
#   id: mac-apparmor-profiles
#   severity: medium
#   facts: [apparmor, selinux, os]
#   may_be_absent: [selinux]
#   levels: [cis-l1, anssi-enhanced]
#   controls:
#     ref: [GL-MAC-002]
#     ssg: [all_apparmor_profiles_in_enforce_complain_mode, all_apparmor_profiles_enforced]
#     cis_debian12: ["1.3.1.3", "1.3.1.4"]
#     cis_ubuntu2204: ["1.3.1.3", "1.3.1.4"]
#     anssi_bp28: [R45]
#   params:
#     unwanted: {type: array, default: [disabled, unconfined], doc: "modes that no profile may have; add complain to have all of them enforced"}
#     except: {type: array, default: [], doc: names of profiles that are left out}
#   remediation: aa-enforce /etc/apparmor.d/NAME, which also removes the link in /etc/apparmor.d/disable.
package guestctl.mac.apparmor_profiles

import data.guestctl.lib
import data.guestctl.lib.mac
import data.guestctl.params

own := params["mac-apparmor-profiles"]

applicable if {
	input.apparmor.installed
	not mac.selinux(input.os, object.get(input, "selinux", {}))
}

skip_reason := "AppArmor is not installed" if not input.apparmor.installed

skip_reason := "SELinux is the guest's access control" if input.apparmor.installed

deny contains finding if {
	some profile in input.apparmor.profiles
	profile.mode in own.unwanted
	not profile.name in own.except
	finding := {
		"msg": sprintf("the profile %s is %s (%s)", [profile.name, profile.mode, lib.origin(profile)]),
		"actual": sprintf("%s %s", [profile.name, profile.mode]),
		"expected": "enforce or complain",
		"evidence": [profile.source],
		"key": profile.name,
	}
}
