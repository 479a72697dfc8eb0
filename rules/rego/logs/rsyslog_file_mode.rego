# METADATA
# title: Others cannot read the files that rsyslog makes
# description: >-
#   Logs name accounts, addresses and at times a password that was typed as a name. Every file that rsyslog writes is made with a mode of
#   0640 or stricter; where no $FileCreateMode and no mode of the action says otherwise, it is 0644. Devices and pipes are left out.
# related_resources:
#   - https://www.rsyslog.com/doc/configuration/modules/omfile.html
# custom:
#   id: logs-rsyslog-file-mode
#   severity: medium
#   facts: [rsyslog]
#   levels: [cis-l1, anssi-enhanced]
#   controls:
#     ref: [GL-LOG-003]
#     ssg: [rsyslog_filecreatemode]
#     cis_debian12: ["6.1.3.4"]
#     cis_rhel9: ["6.2.3.4"]
#     anssi_bp28: [R71]
#   params:
#     mode: {type: string, default: "0640", doc: no bit may be set beside these}
#   remediation: Write "$FileCreateMode 0640" into /etc/rsyslog.conf, before the lines that include other files.
package guestctl.logs.rsyslog_file_mode

import data.guestctl.lib
import data.guestctl.lib.logs
import data.guestctl.params

most := params["logs-rsyslog-file-mode"].mode

deny contains finding if {
	some output in input.rsyslog.outputs
	not startswith(output.path, "/dev/")
	logs.looser(output.mode, most)
	finding := {
		"msg": sprintf("%s is made with mode %s, want %s or stricter (%s)", [output.path, output.mode, most, lib.origin(output)]),
		"actual": sprintf("%s %s", [output.mode, output.path]),
		"expected": sprintf("mode %s or stricter", [most]),
		"evidence": array.concat([setting.source | some setting in input.rsyslog.file_create_mode], [output.source]),
		"key": output.path,
	}
}
